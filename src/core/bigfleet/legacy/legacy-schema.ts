import { z } from 'zod';
import { rampBudget } from '../../model/ramp-budget.ts';
import { MAX_ERRORS } from '../../files/bounds.ts';
import { parseDuration } from '../../text/duration.ts';
import { count, duration } from '../../files/fields.ts';
import { findingsOf, valueAt } from '../../files/issues.ts';
import type { Finding } from '../../files/issues.ts';
import { profileContradictions } from '../../profile/rules-profile.ts';
import { profileSchema } from '../../profile/schema-profile.ts';
import { BIGFLEET_FORMAT } from '../format/bigfleet-format.ts';
import type { Segment } from '../../files/yaml-path.ts';
import type { Source } from '../../files/yaml-text.ts';

const load = profileSchema.shape.loadProfile.shape;
const seed = profileSchema.shape.seed.unwrap().shape;
const topology = profileSchema.shape.topology.unwrap().shape;

/**
 * The fields of a legacy profile that have a place in the V2 format, by the rules of that place. Legacy profiles are values of
 * a chart, so there are many more; those become notes and are never checked.
 */
export const legacySchema = z.looseObject({
  kwok: z.looseObject({ clusterCount: count('Clusters', 1) }),
  shard: z
    .looseObject({
      replicas: topology.shardReplicas,
      seedMachines: count('Idle tier per shard').default(0),
      seedSpeculative: seed.speculativeCount,
      seedSpot: seed.spotCount,
      seedConfiguredPerCluster: count('Machines of each cluster that are bound at the start').default(0),
      seedDensityMultiplier: count('Pods per machine').default(0),
    })
    .prefault({}),
  coordinator: z.looseObject({ replicas: topology.coordinatorReplicas }).prefault({}),
  loadProfile: z.looseObject({
    target: count('Pods of each cluster', 1),
    durationSeconds: load.soakSeconds,
    settleSeconds: load.settleSeconds,
    churnPerMinute: load.churnPerMinute,
    burstAtStart: count('Pods above the target at the start').default(0),
    // The driver's, as in the V2 format, and with the same origin: the driver's start.
    bursts: load.bursts,
    scaleDowns: load.scaleDowns,
    demandSteps: load.demandSteps,
    openLoopDemandMultiplier: load.openLoopDemandMultiplier,
  }),
  rampBudget: duration('How long the ramp may take until steady').optional(),
  runnerActions: profileSchema.shape.runnerActions,
  slo: z.looseObject(profileSchema.shape.slo.unwrap().shape).prefault({}),
});

/** A legacy profile, as far as it can be carried over. */
export type LegacyFile = z.output<typeof legacySchema>;

/** Where the legacy format has a field of the V2 format that is called otherwise there. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  'scale.machines': 'loadProfile.target',
  'scale.density': 'shard.seedDensityMultiplier',
  'seed.idleHeadroomFraction': 'shard.seedMachines',
  'seed.configuredFraction': 'shard.seedConfiguredPerCluster',
  'seed.speculativeCount': 'shard.seedSpeculative',
  'seed.spotCount': 'shard.seedSpot',
  'loadProfile.soakSeconds': 'loadProfile.durationSeconds',
  'loadProfile.rampSeconds': 'rampBudget',
  'topology.shardReplicas': 'shard.replicas',
  'topology.coordinatorReplicas': 'coordinator.replicas',
};

/** The path in the legacy format of a field of the V2 format. */
export function legacyPath(path: readonly Segment[]): readonly Segment[] {
  return LEGACY_NAMES[path.join('.')]?.split('.') ?? path;
}

/** Seconds for a ramp, of which a legacy profile does not speak: its budget, or the one that upstream derives. */
export function legacyRampSeconds(ownBudget: string | undefined, pods: number, soakSeconds: number): number {
  const ownMs = ownBudget === undefined ? 0 : (parseDuration(ownBudget) ?? 0);
  return Math.max(1, Math.floor(rampBudget(ownMs, pods, soakSeconds).ms / 1_000));
}

/** Everything that is wrong with a legacy profile, in its own words; `source` holds its `legacyValues`. */
export function legacyFindings(source: Source): readonly Finding[] {
  const parsed = legacySchema.safeParse(source.raw);
  const issues = parsed.success ? [] : parsed.error.issues.slice(0, MAX_ERRORS);
  const contradictions = profileContradictions(renamed(source.raw), BIGFLEET_FORMAT).map((finding) => ({
    ...finding,
    path: legacyPath(finding.path),
    problem: inLegacyWords(finding.problem),
    allowed: inLegacyWords(finding.allowed ?? ''),
  }));
  // The schema may find one value wrong twice: the last says most.
  const found = [...findingsOf(issues, legacySchema, source), ...contradictions];
  return [...new Map(found.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}

/** The values of a legacy file without the keys that hold nothing, which means the chart's default. */
export function legacyValues(root: unknown): unknown {
  // So that a missing field below is reported by its own name.
  return { kwok: {}, loadProfile: {}, ...asMap(withoutNothing(root)) };
}

function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) {
    if (entry !== null && entry !== '') result[key] = withoutNothing(entry);
  }
  return result;
}

/** The values of a legacy file, right or wrong, under the names of the V2 format: for rules over several fields. */
function renamed(root: unknown): unknown {
  const soak = valueAt(root, ['loadProfile', 'durationSeconds']) ?? 0;
  const of = (v2: string): unknown => valueAt(root, legacyPath(v2.split('.')));
  return {
    seed: { speculativeCount: of('seed.speculativeCount'), spotCount: of('seed.spotCount') },
    loadProfile: {
      ...asMap(valueAt(root, ['loadProfile'])),
      // A soak that is none gives no end to compare with.
      soakSeconds: typeof soak === 'number' && soak >= 0 ? soak : Number.NaN,
    },
    runnerActions: valueAt(root, ['runnerActions']),
    slo: valueAt(root, ['slo']),
  };
}

function asMap(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function inLegacyWords(text: string): string {
  return Object.entries(LEGACY_NAMES).reduce((result, [v2, legacy]) => result.replaceAll(v2, legacy), text);
}
