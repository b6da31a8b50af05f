import type { CampaignSpec } from '../plan/spec.ts';
import { counted } from '../text/counted.ts';
import { cut } from '../text/markdown.ts';
import { STAGES, type Stage } from '../model/stages.ts';

/** Temporal takes 400 bytes; the timeline has room for less. */
const MAX_BYTES = 200;

/**
 * What one execution of a stage is about to do, in a line: the summary of its activity, which the Temporal UI shows beside
 * the stage's name in the timeline. At most 200 bytes.
 */
export function stageSummary(spec: CampaignSpec, stage: Stage, execution: number): string {
  const what = whatItDoes(spec, stage);
  return cut(execution > 1 ? `execution ${execution}: ${what}` : what, MAX_BYTES);
}

/** What a specification comes to, in a line: what `resolve` leaves behind. */
export function specSummary({ plan, gates, specHash, randomSeed }: CampaignSpec): string {
  return `${counted(plan.totalPods, 'Pod')}, ${counted(gates.length, 'gate')}; specification ${specHash.slice(0, 12)}, random seed ${randomSeed}`;
}

/** What each stage is going to do, in a line. */
export function plannedStages(spec: CampaignSpec): Readonly<Record<Stage, string>> {
  return Object.fromEntries(STAGES.map((stage) => [stage, stageSummary(spec, stage, 1)])) as Record<Stage, string>;
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
        ...profile.runnerActions.map(({ action, atSeconds }) => `${action} at ${atSeconds} s`),
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
