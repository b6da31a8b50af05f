import { stringify } from 'yaml';
import { shardReplicasOf } from '../../model/shard-replicas.ts';
import { MAX_ERRORS } from '../../files/bounds.ts';
import type { FileError } from '../../files/file-error.ts';
import { sortFileErrors } from '../../files/file-error.ts';
import { positioned } from '../../files/issues.ts';
import { legacyFindings, legacyPath, legacyRampSeconds, legacySchema, legacyValues } from './legacy-schema.ts';
import type { LegacyFile } from './legacy-schema.ts';
import { isLegacyProfile } from '../format/legacy-marks.ts';
import type { Profile } from '../../model/profile.ts';
import { parseProfile } from '../../profile/parse.ts';
import { profileSchema } from '../../profile/schema-profile.ts';
import { knownKeys } from '../../files/schema-walk.ts';
import { BIGFLEET_FORMAT } from '../format/bigfleet-format.ts';
import { soakSecondsOf } from '../format/load-times.ts';
import { readYaml } from '../../files/yaml-text.ts';
import type { Source } from '../../files/yaml-text.ts';
import { counted } from '../../text/counted.ts';

/** A legacy profile in the V2 format, or why it cannot be converted. */
export type Conversion =
  | { readonly ok: true; readonly text: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly errors: readonly FileError[] };

/** Where a legacy key that is no part of a V2 profile belongs today; the longest prefix counts. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  image: 'the values of the chart',
  bigfleet: 'the values of the chart',
  operator: 'the values of the chart',
  prometheus: 'the values of the chart',
  podShim: 'the values of the chart',
  coordinator: 'the values of the chart',
  shard: 'the values of the chart',
  kwok: 'the substrate (cluster and kwokPod)',
  costEstimate: 'the substrate (host and costEstimate)',
  slo: 'nothing upstream reads',
  loadProfile: 'the load driver alone',
  archetypes: 'a catalogue (archetypes/NAME.yaml beside the profile)',
  'loadProfile.archetypes': 'a catalogue (archetypes/NAME.yaml beside the profile)',
};

/** Catalogue of a converted profile. */
const CATALOGUE = 'realistic';

/**
 * Converts a legacy profile (Helm values with `kwok.clusterCount` and `loadProfile.target`) into a V2 profile. `notes` lists
 * what has no field in the format and what had to be filled in. A value of the wrong kind is an error at its position in the
 * legacy file; ignoring it would change the test.
 *
 * @param file as the user named it; the profile's name comes from it
 */
export function convertLegacy(text: string, file: string): Conversion {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  if (!isLegacyProfile(read.source.raw)) {
    const allowed = 'a legacy profile: Helm values with kwok.clusterCount and loadProfile.target, and no apiVersion';
    return {
      ok: false,
      errors: [{ file, line: 1, column: 1, path: '', problem: 'not a legacy profile', found: '', allowed }],
    };
  }
  const source = { ...read.source, raw: legacyValues(read.source.raw) };
  const findings = legacyFindings(source);
  const legacy = legacySchema.safeParse(source.raw);
  if (findings.length > 0 || !legacy.success) {
    const errors = sortFileErrors(
      findings.slice(0, MAX_ERRORS).map((finding) => positioned(finding, source, new Map())),
    );
    const unreported = findings.length - errors.length;
    const more = { file, line: 0, column: 0, path: '', problem: `and ${unreported} more`, found: '', allowed: '' };
    return { ok: false, errors: unreported > 0 ? [...errors, more] : errors };
  }
  const name = nameFrom(file);
  const notes: string[] = [];
  const profile = convert(legacy.data, name, notes);
  notes.push(...leftOver(source.raw));
  const head = [
    'yaml-language-server: $schema=../schemas/profile.json',
    `Converted from the legacy profile ${name}.`,
    ...notes,
  ];
  const converted = `${head.map((line) => `# ${line.replaceAll(/\s+/g, ' ')}`).join('\n')}\n${stringify(profile, { lineWidth: 0 })}`;
  const parsed = parseProfile(converted, { file });
  return parsed.ok
    ? { ok: true, text: converted, notes }
    : { ok: false, errors: parsed.errors.map((error) => inLegacyFile(error, source)) };
}

/** An error in what a conversion gave, at the field of the legacy file that gave it. */
function inLegacyFile(error: FileError, source: Source): FileError {
  const path = legacyPath(error.path.split('.'));
  const own = path.join('.');
  return {
    ...error,
    ...source.position(path),
    path: own,
    problem: own === error.path ? error.problem : `gives ${error.path}: ${error.problem}`,
  };
}

function convert(legacy: LegacyFile, name: string, notes: string[]): Record<string, unknown> {
  const clusters = legacy.kwok.clusterCount;
  const { target } = legacy.loadProfile;
  const pods = clusters * target;
  const density = densityOf(legacy, notes);
  const machines = Math.ceil(pods / density);
  if (machines * density !== pods) {
    notes.push(`${pods} Pods are no multiple of ${density} a machine: ${machines * density} now.`);
  }
  notes.push(
    `${counted(clusters, 'cluster')} of ${target} Pods: that many come of a substrate with cluster.podsPerCluster ${target}.`,
    hasArchetypes(legacy)
      ? `The archetypes of the file are no part of a profile: until they are a catalogue, ${CATALOGUE} takes their place.`
      : `A legacy profile has one kind of Pod, a whole machine of 8 GPUs; the catalogue ${CATALOGUE} takes its place.`,
  );
  const slo = sloOf(legacy);
  return {
    apiVersion: BIGFLEET_FORMAT.apiVersion,
    kind: 'Profile',
    metadata: {
      name,
      description: `Converted from a legacy profile: ${counted(clusters, 'cluster')} of ${target} Pods.`,
    },
    scale: { machines, density },
    catalog: { archetypes: CATALOGUE },
    seed: seedOf(legacy, { machines, density }, notes),
    loadProfile: loadOf(legacy, notes),
    ...(legacy.rampBudget === undefined ? {} : { rampBudget: legacy.rampBudget }),
    ...(legacy.runnerActions.length === 0 ? {} : { runnerActions: legacy.runnerActions }),
    ...topologyOf(legacy),
    ...(Object.keys(slo).length === 0 ? {} : { slo }),
  };
}

function densityOf(legacy: LegacyFile, notes: string[]): number {
  const density = legacy.shard.seedDensityMultiplier;
  if (density >= 1) return density;
  notes.push('No shard.seedDensityMultiplier, which means one Pod a machine: density 1.');
  return 1;
}

function seedOf(legacy: LegacyFile, scale: Profile['scale'], notes: string[]): Record<string, unknown> {
  const { kwok, shard } = legacy;
  const idle = shard.seedMachines;
  const speculative = shard.seedSpeculative;
  const spot = shard.seedSpot;
  const configured = shard.seedConfiguredPerCluster * kwok.clusterCount;
  if (idle + speculative + spot + configured === 0) {
    notes.push(
      'The legacy seed is 0 in every field, and a V2 run would have no machine for any Pod: seed.configuredFraction 1, so that all machines that the catalogue needs exist.',
    );
    return { configuredFraction: 1 };
  }
  const shards = shardReplicasOf({ scale, topology: { shardReplicas: shard.replicas, coordinatorReplicas: 0 } });
  if (idle > 0) {
    const each = shards > 1 ? ` in each of ${shards} shards` : '';
    notes.push(
      `shard.seedMachines ${idle}${each} became seed.idleHeadroomFraction, a share of the machines that the catalogue asks for.`,
    );
  }
  const configuredFraction = round(configured / scale.machines);
  if (configuredFraction > 1) {
    notes.push(
      `shard.seedConfiguredPerCluster ${shard.seedConfiguredPerCluster} x ${kwok.clusterCount} clusters is more than the ${scale.machines} machines: seed.configuredFraction 1.`,
    );
  }
  return {
    configuredFraction: Math.min(1, configuredFraction),
    speculativeCount: speculative,
    ...(spot > 0 ? { spotCount: spot } : {}),
    // The legacy tier is each shard's, the fraction is of all machines and divided among the shards.
    idleHeadroomFraction: round((idle * shards) / scale.machines),
  };
}

/** Whether the file brings a catalogue of its own. */
function hasArchetypes(legacy: LegacyFile): boolean {
  return legacy['archetypes'] !== undefined || legacy.loadProfile['archetypes'] !== undefined;
}

function loadOf({ kwok, loadProfile, rampBudget }: LegacyFile, notes: string[]): Record<string, unknown> {
  const pods = kwok.clusterCount * loadProfile.target;
  const rampSeconds = legacyRampSeconds(rampBudget, pods, soakSecondsOf(loadProfile.durationSeconds));
  notes.push(
    `A legacy profile does not say how long its ramp takes: loadProfile.rampSeconds ${rampSeconds}, ${rampBudget === undefined ? 'the default budget' : 'its rampBudget'}.`,
  );
  const written = loadProfile.durationSeconds;
  const soakSeconds = soakSecondsOf(written);
  if (written === 0) {
    notes.push(`No loadProfile.durationSeconds, for which upstream soaks ten minutes: soakSeconds ${soakSeconds}.`);
  }
  const { bursts, scaleDowns, demandSteps, openLoopDemandMultiplier } = loadProfile;
  const atStart = loadProfile.burstAtStart;
  const allBursts = [...(atStart > 0 ? [burstAtStart(atStart, notes)] : []), ...bursts];
  const asked = [...new Set(bursts.map(({ archetype }) => archetype))];
  if (asked.length > 0) {
    notes.push(
      `loadProfile.bursts ask for ${asked.join(', ')}: catalogue ${CATALOGUE} must have them by that name, or belay plan refuses the burst.`,
    );
  }
  return {
    rampSeconds,
    soakSeconds,
    churnPerMinute: loadProfile.churnPerMinute,
    ...(loadProfile.settleSeconds > 0 ? { settleSeconds: loadProfile.settleSeconds } : {}),
    ...(allBursts.length > 0 ? { bursts: allBursts } : {}),
    ...(scaleDowns.length > 0 ? { scaleDowns } : {}),
    ...(demandSteps.length > 0 ? { demandSteps } : {}),
    ...(openLoopDemandMultiplier > 0 ? { openLoopDemandMultiplier } : {}),
  };
}

function burstAtStart(extraTarget: number, notes: string[]): Record<string, unknown> {
  notes.push('loadProfile.burstAtStart became a burst of ten minutes, of archetype tiny-stateless.');
  return { atSeconds: 1, archetype: 'tiny-stateless', extraTarget, durationSeconds: 600, selectivity: 1 };
}

function topologyOf({ shard, coordinator }: LegacyFile): Record<string, unknown> {
  const shardReplicas = shard.replicas;
  const coordinatorReplicas = coordinator.replicas;
  return shardReplicas === 0 && coordinatorReplicas === 0 ? {} : { topology: { shardReplicas, coordinatorReplicas } };
}

function sloOf({ slo }: LegacyFile): Record<string, unknown> {
  const known = knownKeys(profileSchema, ['slo']);
  return Object.fromEntries(Object.entries(slo).filter(([key, value]) => known.includes(key) && value !== undefined));
}

/** Every key that is not carried over, by its two highest levels, by the place it has today. */
function leftOver(root: unknown): readonly string[] {
  if (typeof root !== 'object' || root === null) return [];
  const left = Object.entries(root).flatMap(([key, value]) => {
    const map = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!map) return knownKeys(legacySchema, []).includes(key) ? [] : [key];
    const carried = knownKeys(legacySchema, [key]);
    return Object.keys(value)
      .filter((inner) => !carried.includes(inner))
      .map((inner) => `${key}.${inner}`);
  });
  const byOwner = Map.groupBy(
    left,
    (path) => ELSEWHERE[path] ?? ELSEWHERE[path.split('.')[0] ?? ''] ?? 'nothing the format knows',
  );
  return [...byOwner].map(([owner, paths]) => `Not carried over, because it belongs to ${owner}: ${paths.join(', ')}.`);
}

function round(value: number): number {
  return Number(value.toFixed(6));
}

function nameFrom(file: string): string {
  const base = (file.split(/[/\\]/).at(-1) ?? '').replace(/\.ya?ml$/, '').replace(/\.legacy$/, '');
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(base) ? base : 'converted';
}
