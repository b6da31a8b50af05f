import { SHARED_QUEUE } from '../../core/model/host-queues.ts';

import { schedulePage, startPage, workflowPage, workflowsPage } from '../../core/campaign/ui-pages.ts';

/** Addresses in the Temporal UI. */
export interface UiLinks {
  /** The list of workflows. */
  readonly workflows: string;
  /** The form that starts a workflow of `type` with our task queue filled in. */
  readonly start: (type: string) => string;
  readonly workflow: (workflowId: string, runId?: string) => string;
  readonly schedule: (scheduleId: string) => string;
}

/** Links into the UI of a server; undefined when it is not known where its UI is (set BELAY_TEMPORAL_UI). */
export function uiLinks(
  stack: { readonly uiUrl: string | undefined; readonly namespace: string },
  taskQueue: string = SHARED_QUEUE,
): UiLinks | undefined {
  if (stack.uiUrl === undefined) return undefined;
  const root = stack.uiUrl.replace(/\/+$/, '');
  const { namespace } = stack;
  return {
    workflows: `${root}${workflowsPage(namespace)}`,
    start: (type) => `${root}${startPage(namespace, taskQueue, type)}`,
    workflow: (workflowId, runId) => `${root}${workflowPage(namespace, workflowId, runId)}`,
    schedule: (scheduleId) => `${root}${schedulePage(namespace, scheduleId)}`,
  };
}

/** Where the UI of a server is that we did not start: as BELAY_TEMPORAL_UI says, or Temporal Cloud's; else unknown. */
export function externalUiUrl(address: string): string | undefined {
  const said = process.env['BELAY_TEMPORAL_UI'];
  if (said !== undefined && said !== '') return said;
  return /\.tmprl\.cloud(:\d+)?$|\.api\.temporal\.io(:\d+)?$/.test(address) ? 'https://cloud.temporal.io' : undefined;
}
