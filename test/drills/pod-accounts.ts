import type { CampaignRecord } from '../e2e/campaign-record.ts';

const IN_RAMP = 'campaign="$campaign",stage="ramp"';
const CREATED = `sum(belay_pods_created{${IN_RAMP}})`;
/** The last seconds: a worker that is missing for a while before does not count. */
export const ACCOUNTS_WINDOW = '10s';
const common = { bar: 'held', readAt: 'settled', job: 'belay-worker', window: ACCOUNTS_WINDOW } as const;

/**
 * Gates by which every Pod of a ramp is accounted for, whichever workers carried it out: each was created once, its whereabouts are
 * known, and its waiting has ended. The Pods that were created in the soak are counted beside them.
 */
export function accountGates(pods: number): Readonly<Record<string, unknown>> {
  return {
    rampPodsCreated: { ...common, description: 'Pods of the ramp', unit: 'Pods', query: CREATED, min: pods, max: pods },
    rampPodsObserved: {
      ...common,
      description: 'Share of them whose whereabouts are known',
      unit: 'ratio',
      ratio: { numerator: `sum(belay_pods_observed{${IN_RAMP}})`, denominator: CREATED },
      min: 1,
    },
    rampPodsEnded: {
      ...common,
      description: 'Share of them that wait no longer',
      unit: 'ratio',
      ratio: { numerator: `sum(belay_pod_bind_seconds_count{${IN_RAMP}})`, denominator: CREATED },
      min: 1,
      max: 1,
    },
    soakPodsCreated: {
      ...common,
      description: 'Pods created in the soak',
      unit: 'Pods',
      query: 'sum(belay_pods_created{campaign="$campaign",stage="soak",execution="$execution"})',
      bar: 'informational',
    },
  };
}

/** The readings of {@link accountGates}, and of the share of the soak's Pods that were observed, at the end of the soak. */
export function accountsOf({ summary }: CampaignRecord): Readonly<Record<string, number | string>> {
  const names = ['rampPodsCreated', 'rampPodsObserved', 'rampPodsEnded', 'soakPodsCreated', 'podsObserved'];
  return Object.fromEntries(
    names.map((name) => {
      const reading = summary.gates.find(({ gate }) => gate === name)?.reading;
      return [name, reading?.value ?? `${reading?.reason}: ${reading?.detail}`];
    }),
  );
}
