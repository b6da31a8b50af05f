/** Addresses in the Temporal UI, from its root: details that the UI renders can link to them wherever it is served. */

/** The list of workflows. */
export function workflowsPage(namespace: string): string {
  return `/namespaces/${encode(namespace)}/workflows`;
}

/** A workflow's page; without a run its newest one. */
export function workflowPage(namespace: string, workflowId: string, runId?: string): string {
  return [workflowsPage(namespace), encode(workflowId), ...(runId === undefined ? [] : [encode(runId)])].join('/');
}

/** A schedule's page. */
export function schedulePage(namespace: string, scheduleId: string): string {
  return `/namespaces/${encode(namespace)}/schedules/${encode(scheduleId)}`;
}

/** The form that starts a workflow, with queue and type filled in. */
export function startPage(namespace: string, taskQueue: string, workflowType: string): string {
  return `${workflowsPage(namespace)}/start-workflow?taskQueue=${encode(taskQueue)}&workflowType=${encode(workflowType)}`;
}

/** Also what would end a link in Markdown. */
function encode(part: string): string {
  return encodeURIComponent(part).replaceAll('(', '%28').replaceAll(')', '%29');
}
