/**
 * The stages of a campaign, in the order in which they run. `snapshot`, `judge` and `teardown` close every campaign,
 * whatever happened before them.
 */
export const STAGES = [
  'resolve',
  'provision',
  'install',
  'seed',
  'ramp',
  'steady',
  'soak',
  'snapshot',
  'judge',
  'teardown',
] as const;

/** One stage's name. */
export type Stage = (typeof STAGES)[number];

/** The stages that always run once a campaign has been resolved, also after failure, cancel and abort. */
export const CLOSING_STAGES = ['snapshot', 'judge', 'teardown'] as const satisfies readonly Stage[];

/** Whether `stage` is one of the closing stages. */
export function isClosing(stage: Stage): boolean {
  return (CLOSING_STAGES as readonly Stage[]).includes(stage);
}

/** Whether `stage` makes or watches load: it runs on the load workers' queue, the rest on the host that holds the clusters. */
export function onLoadQueue(stage: Stage): boolean {
  return stage === 'seed' || stage === 'ramp' || stage === 'steady' || stage === 'soak';
}
