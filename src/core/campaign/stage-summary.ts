import type { CampaignSpec } from '../plan/spec.ts';
import { counted } from '../text/counted.ts';
import { cut } from '../text/markdown.ts';
import type { Stage } from '../model/stages.ts';

const WHERE = { first: '', each: ' in each cluster', random: ' in a random cluster' } as const;

/** Temporal takes 400 bytes; the timeline has room for less. */
const MAX_BYTES = 200;

/** What a stage is going to do, in one line of at most 200 bytes. */
export function stageSummary(spec: CampaignSpec, stage: Stage): string {
  return cut(whatItDoes(spec, stage), MAX_BYTES);
}

/**
 * The summary of one execution's activity, which the Temporal UI shows beside the stage's name in the timeline. At most 200
 * bytes.
 */
export function executionSummary(summary: string, execution: number): string {
  return cut(execution > 1 ? `execution ${execution}: ${summary}` : summary, MAX_BYTES);
}

/** A specification in one line: the detail of the stage `resolve`. */
export function specSummary({ plan, gates, specHash, randomSeed }: CampaignSpec): string {
  return `${counted(plan.totalPods, 'Pod')}, ${counted(gates.length, 'gate')}; specification ${specHash.slice(0, 12)}, random seed ${randomSeed}`;
}

function whatItDoes(spec: CampaignSpec, stage: Stage): string {
  const { plan, profile, gates, system } = spec;
  const { rampSeconds, soakSeconds } = profile.loadProfile;
  const clusters = clustersOf(spec);
  const pods = counted(plan.totalPods, 'Pod');
  switch (stage) {
    case 'resolve':
      return 'files into a specification';
    case 'provision':
      return `${clusters} and a Prometheus`;
    case 'install':
      return `system ${system.name}`;
    case 'seed':
      return spec.capacityFromSystem ? `no Nodes: ${system.name} makes them` : `Nodes for ${pods}`;
    case 'ramp':
      return `${pods} over ${rampSeconds} s`;
    case 'steady':
      return `until ${pods} settle, at most ${Math.round(plan.rampBudgetMs / 1_000)} s`;
    case 'soak':
      return [
        `${soakSeconds} s`,
        counted(gates.filter(({ barKind }) => barKind !== 'informational').length, 'gate'),
        ...profile.runnerActions.map(
          ({ action, atSeconds, on }) => `${action}${WHERE[on ?? 'first']} at ${atSeconds} s`,
        ),
      ].join(', ');
    case 'snapshot':
      return 'evidence of what was measured';
    case 'judge':
      return `verdict on ${counted(gates.length, 'gate')}`;
    case 'teardown':
      return spec.substrate.type === 'kubeconfig' ? `what was made in ${clusters}` : `${clusters} and what was made`;
  }
}

function clustersOf({ plan, substrate }: CampaignSpec): string {
  const kind = substrate.type === 'kubeconfig' ? 'lent' : substrate.type;
  return counted(plan.clusterCount, `${kind} cluster`);
}
