import { runningDevServer } from './dev-server.ts';
import { temporalTarget } from './target.ts';
import { externalUiUrl, uiLinks, type UiLinks } from './ui-links.ts';

/** The page of a campaign or climb in the UI of the Temporal in use; empty where that is not known. */
export function campaignPage(workflowId: string, runId: string): string {
  return linksInUse()?.workflow(workflowId, runId) ?? '';
}

/** The page of a schedule in the UI of the Temporal in use; empty where that is not known. */
export function schedulePage(id: string): string {
  return linksInUse()?.schedule(id) ?? '';
}

function linksInUse(): UiLinks | undefined {
  const { external, address, namespace } = temporalTarget();
  return uiLinks({ uiUrl: external ? externalUiUrl(address) : runningDevServer()?.uiUrl, namespace });
}
