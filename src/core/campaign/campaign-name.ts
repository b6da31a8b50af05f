/** A Kubernetes label's value has at most 63 characters. */
const MAX_LENGTH = 63;

/** Ends of names that the runs folder uses itself: pages of the site, and files that are being written. */
const TAKEN_END = /\.(?=(?:html|tmp)$)/i;

/**
 * A campaign's name, made of its workflow id. It is safe as the name of a folder and as the value of a label for any text that
 * was typed into the UI's form (`../../etc`, blanks, a whole sentence), and no page of the site has it (`index.html`).
 */
export function campaignName(workflowId: string): string {
  const safe = workflowId.replaceAll(/[^A-Za-z0-9._-]/g, '-').replaceAll(/\.{2,}/g, '.');
  const trimmed = safe.slice(0, MAX_LENGTH).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return trimmed === '' ? 'campaign' : trimmed.replace(TAKEN_END, '-');
}

/** The name of a second run with the same workflow id. The first run keeps its folder. */
export function campaignNameOfRun(workflowId: string, runId: string): string {
  const suffix = `-${runId.slice(0, 8)}`;
  return campaignName(workflowId).slice(0, MAX_LENGTH - suffix.length) + suffix;
}

/** Whether a campaign can have this name: that of its workflow, or that of a later run, which may have been reset since. */
export function isNameOf(campaign: string, workflowId: string): boolean {
  return campaign === campaignName(workflowId) || campaign === campaignNameOfRun(workflowId, campaign.slice(-8));
}
