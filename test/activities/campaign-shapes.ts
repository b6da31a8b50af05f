import { pino, type Logger } from 'pino';
import { expect } from 'vitest';
import type { StageInput, StageResult } from '../../src/core/campaign/stage-io.ts';
import type { ExistingPrometheus } from '../../src/core/model/existing-prometheus.ts';
import type { Profile } from '../../src/core/model/profile.ts';
import type { ActivityName } from '../../src/core/model/stages.ts';
import type { Substrate } from '../../src/core/model/substrate.ts';
import type { System } from '../../src/core/model/system.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import { demandPeak } from '../../src/core/plan/demand-peak.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { stepsOf } from '../../src/core/plan/stages/derive-steps.ts';
import { STAGE_DESCRIPTORS } from '../../src/core/plan/stages/registry.ts';
import { systemShape } from '../../src/core/plan/stages/shape.ts';
import { aCatalogue, aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';

/** A campaign of a certain shape. */
export interface Shape {
  readonly clusters: number;
  readonly substrate?: Partial<Substrate>;
  readonly system?: Partial<System['install']> & Partial<Pick<System, 'capacity' | 'scrape'>>;
  readonly profile?: Partial<Profile>;
  readonly gates?: CampaignSpec['gates'];
  /** Its clusters are placed on several hosts. */
  readonly placed?: boolean;
  /** A store for its evidence is set. */
  readonly storesEvidence?: boolean;
}

const CHART = { chart: 'chart', release: 'r', namespace: 'n', values: {} };
const METRICS = { job: 'some', url: 'http://127.0.0.1:1' };
const PROCESS = { name: 'controller', tool: 'karpenter', args: [], env: {}, ports: [], restart: true } as const;

/** The Prometheus of borrowed clusters. */
export const OWNERS: ExistingPrometheus = {
  url: 'https://prometheus.example',
  jobs: { scheduler: { labels: { job: 'kube-scheduler' }, targets: 1, scrapeIntervalMs: 15_000 } },
  clusters: [{ cluster: 'a' }, { cluster: 'b' }],
};

/** Campaigns that differ in the steps that they have. */
export const SHAPES: readonly (readonly [string, Shape])[] = [
  ['one local cluster, a system that is part of it', { clusters: 1 }],
  ['many local clusters', { clusters: 21 }],
  ['a local cluster with a chart', { clusters: 1, system: { helm: CHART, scrape: [METRICS] } }],
  [
    'local clusters with manifests and processes, whose system makes the Nodes',
    { clusters: 2, system: { manifests: [{ path: 'a.yaml' }], processes: [PROCESS], capacity: 'system' } },
  ],
  ['a borrowed cluster', { clusters: 1, substrate: { type: 'kubeconfig' } }],
  ['borrowed clusters with a chart', { clusters: 5, substrate: { type: 'kubeconfig' }, system: { helm: CHART } }],
  [
    'borrowed clusters whose owner has a Prometheus',
    {
      clusters: 2,
      substrate: { type: 'kubeconfig', kubeconfig: { file: '', contexts: ['a', 'b'], prometheus: OWNERS } },
    },
  ],
  ['a store for its evidence', { clusters: 1, storesEvidence: true }],
  ['no gates', { clusters: 1, gates: [] }],
  ['faults', { clusters: 2, profile: { runnerActions: [{ atSeconds: 5, action: 'fail-node' }] } }],
  [
    'settling, bursts and a ramp budget',
    {
      clusters: 2,
      profile: { rampBudgetMs: 600_000, loadProfile: { ...aProfile().loadProfile, settleSeconds: 5 } },
    },
  ],
];

/** Slug of the campaigns of these shapes. */
export const SLUG = 'bsteps';

/** The system file of a campaign of this shape. */
export function systemOf({ system: { capacity = 'belay', scrape = [], ...install } = {} }: Shape): System {
  return {
    metadata: { name: 'some', description: '' },
    capacity,
    install: { manifests: [], processes: [], ...install },
    ready: { crds: [], http: [], timeoutMs: 60_000 },
    scrape,
    gates: {},
  };
}

/** The specification of a campaign of this shape, with the deadlines that are derived for it. */
export function specOf(shape: Shape): CampaignSpec {
  const parts = {
    profile: aProfile(shape.profile),
    plan: aPlan({ clusterCount: shape.clusters }),
    substrate: aSubstrate(shape.substrate),
  };
  const system = systemOf(shape);
  const peak = demandPeak(parts.profile, parts.plan, aCatalogue());
  const storesEvidence = shape.storesEvidence === true;
  const placed = shape.placed === true ? { placed: { hostWaitMs: 60_000 } } : {};
  const derived = deriveDeadlines({ ...parts, system: systemShape(system), peak, storesEvidence, ...placed });
  if (!derived.ok) throw new Error(JSON.stringify(derived.errors));
  return aSpec({
    ...parts,
    slug: SLUG,
    campaign: 'steps',
    capacityFromSystem: system.capacity === 'system',
    deadlines: derived.deadlines,
    ...(shape.gates === undefined ? {} : { gates: shape.gates }),
  });
}

/** Runs one attempt of a stage. @returns the steps that it entered */
export async function enteredBy<Input extends StageInput>(
  create: (log: Logger) => (input: Input) => Promise<unknown>,
  input: Input,
): Promise<readonly string[]> {
  const entered: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => entered.push(...stepsIn(line)) });
  const result: unknown = await anAttempt().run(create(log), input);
  const { facts } = result as Pick<StageResult, 'facts'>;
  // Facts of several groups are merged by the rules of their stage.
  expect(Object.keys(STAGE_DESCRIPTORS[input.stage].facts)).toEqual(expect.arrayContaining(Object.keys(facts)));
  return entered;
}

function stepsIn(line: string): readonly string[] {
  const { msg, steps } = JSON.parse(line) as { readonly msg: string; readonly steps?: readonly string[] };
  return msg === 'step entered' ? (steps ?? []) : [];
}

/** Every step that the deadlines of the activity are derived from. */
export function derived(spec: CampaignSpec, activity: ActivityName): readonly string[] {
  return stepsOf(spec, activity).map(({ id }) => id);
}
