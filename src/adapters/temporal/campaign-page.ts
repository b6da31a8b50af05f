import { runningDevServer } from './dev-server.ts';
import { temporalTarget } from './target.ts';
import { externalUiUrl, uiLinks } from './ui-links.ts';

/** The page of a campaign in the UI of the Temporal in use; empty where that is not known. */
export function campaignPage(workflowId: string, runId: string): string {
  const { external, address, namespace } = temporalTarget();
  const uiUrl = external ? externalUiUrl(address) : runningDevServer()?.uiUrl;
  return uiLinks({ uiUrl, namespace })?.workflow(workflowId, runId) ?? '';
}
