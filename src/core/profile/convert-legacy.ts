import { stringify } from 'yaml';
import { parseDuration } from './duration.ts';
import type { FileError } from './file-error.ts';
import { valueAt } from './issues.ts';
import { isLegacyProfile } from './legacy.ts';
import { parseProfile } from './parse.ts';
import { Raw } from './rules.ts';
import { BIGFLEET_VERSION, profileSchema } from './schema-profile.ts';
import { knownKeys } from './schema-walk.ts';
import { readYaml } from './yaml-text.ts';

/** A legacy profile in the V2 format, or why it cannot be had. */
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
};

const DEFAULT_RAMP_SECONDS = 900;

/**
 * Makes a V2 profile of a legacy one (Helm values with `kwok.clusterCount` and `loadProfile.target`). What it says is kept;
 * what has no place in the format, or had to be filled in, is told in `notes`.
 *
 * @param file as the user named it; the profile's name is made of it
 */
export function convertLegacy(text: string, file: string): Conversion {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  const root = read.source.raw;
  if (!isLegacyProfile(root)) {
    const allowed = 'a legacy profile: Helm values with kwok.clusterCount and loadProfile.target, and no apiVersion';
    return {
      ok: false,
      errors: [{ file, line: 1, column: 1, path: '', problem: 'not a legacy profile', found: '', allowed }],
    };
  }
  const converter = new Converter(root);
  const name = nameFrom(file);
  const profile = converter.convert(name);
  if (converter.missing.length > 0) {
    return {
      ok: false,
      errors: converter.missing.map((path) => ({
        file,
        ...read.source.place(path.split('.')),
        path,
        problem: `missing, it belongs under ${path.split('.')[0] ?? ''}`,
        found: '',
        allowed: 'a whole number, 1 or more',
      })),
    };
  }
  const notes = [...converter.notes, ...converter.leftOver()];
  const head = [
    'yaml-language-server: $schema=../schemas/profile.json',
    `Converted from the legacy profile ${name}.`,
    ...notes,
  ];
  const converted = `${head.map((line) => `# ${line.replaceAll(/\s+/g, ' ')}`).join('\n')}\n${stringify(profile, { lineWidth: 0 })}`;
  const parsed = parseProfile(converted, { file });
  return parsed.ok
    ? { ok: true, text: converted, notes }
    : { ok: false, errors: parsed.errors.map((error) => ({ ...error, line: 0, column: 0 })) };
}

/** Reads what it knows, remembers what it read. */
class Converter {
  readonly notes: string[] = [];
  readonly missing: string[] = [];
  readonly #root: unknown;
  readonly #raw: Raw;
  readonly #taken = new Set<string>();

  constructor(root: unknown) {
    this.#root = root;
    this.#raw = new Raw(root);
  }

  convert(name: string): Record<string, unknown> {
    const clusters = this.#needed('kwok.clusterCount');
    const target = this.#needed('loadProfile.target');
    const pods = clusters * target;
    const density = this.#density();
    const machines = Math.ceil(pods / density);
    if (machines * density !== pods) {
      this.notes.push(`${pods} Pods are no multiple of ${density} a machine: ${machines * density} now.`);
    }
    this.notes.push(
      `${clusters} clusters of ${target} Pods: that many come of a substrate with cluster.podsPerCluster ${target}.`,
      'A legacy profile has one kind of Pod, a whole machine of 8 GPUs; the catalogue realistic takes its place.',
    );
    return {
      apiVersion: BIGFLEET_VERSION,
      kind: 'Profile',
      metadata: { name, description: `Converted from a legacy profile: ${clusters} clusters of ${target} Pods.` },
      scale: { machines, density },
      catalog: { archetypes: 'realistic' },
      seed: this.#seed(machines, clusters),
      loadProfile: this.#load(),
      ...this.#optional('rampBudget', this.#take('rampBudget')),
      ...this.#optional('runnerActions', this.#take('runnerActions')),
      ...this.#topology(),
      ...this.#optional('slo', this.#slo()),
    };
  }

  /** Every key that was not read, by its two highest levels, by the place it has today. */
  leftOver(): readonly string[] {
    if (typeof this.#root !== 'object' || this.#root === null) return [];
    const left = Object.entries(this.#root).flatMap(([key, value]) => {
      const map = typeof value === 'object' && value !== null && !Array.isArray(value);
      const paths = map ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key];
      return paths.filter((path) => !this.#taken.has(path) && !this.#taken.has(key));
    });
    const byPlace = Map.groupBy(left, (path) => ELSEWHERE[path.split('.')[0] ?? ''] ?? 'nothing the format knows');
    return [...byPlace].map(([place, paths]) => `Not carried over, for it belongs to ${place}: ${paths.join(', ')}.`);
  }

  #take(path: string): unknown {
    const value = valueAt(this.#root, path.split('.'));
    if (value !== undefined) this.#taken.add(path);
    return value === null ? undefined : value;
  }

  #number(path: string): number {
    this.#take(path);
    return this.#raw.number(...path.split('.')) ?? 0;
  }

  #needed(path: string): number {
    const value = this.#number(path);
    if (value < 1) this.missing.push(path);
    return value;
  }

  #optional(key: string, value: unknown): Record<string, unknown> {
    return value === undefined ? {} : { [key]: value };
  }

  #density(): number {
    const density = this.#number('shard.seedDensityMultiplier');
    if (density >= 1) return density;
    this.notes.push('No shard.seedDensityMultiplier, which means one Pod a machine: density 1.');
    return 1;
  }

  #seed(machines: number, clusters: number): Record<string, unknown> {
    const idle = this.#number('shard.seedMachines');
    const speculative = this.#number('shard.seedSpeculative');
    const configured = this.#number('shard.seedConfiguredPerCluster') * clusters;
    if (idle > 0) {
      this.notes.push(
        `shard.seedMachines ${idle} became seed.idleHeadroomFraction, a share of the machines that the catalogue asks for.`,
      );
    }
    return {
      configuredFraction: Math.min(1, round(configured / machines)),
      speculativeCount: speculative,
      idleHeadroomFraction: round(idle / machines),
    };
  }

  #load(): Record<string, unknown> {
    const budget = this.#raw.text('rampBudget');
    const budgetMs = budget === undefined ? undefined : parseDuration(budget);
    const rampSeconds = budgetMs === undefined ? DEFAULT_RAMP_SECONDS : Math.max(1, Math.floor(budgetMs / 1000));
    this.notes.push(
      `A legacy profile does not say how long its ramp takes: loadProfile.rampSeconds ${rampSeconds}, ${budgetMs === undefined ? 'the default budget' : 'its rampBudget'}.`,
    );
    const burst = this.#number('loadProfile.burstAtStart');
    return {
      rampSeconds,
      soakSeconds: this.#number('loadProfile.durationSeconds'),
      churnPerMinute: this.#number('loadProfile.churnPerMinute'),
      ...this.#optional('settleSeconds', this.#take('loadProfile.settleSeconds')),
      ...(burst > 0 ? { bursts: [this.#burst(burst)] } : {}),
    };
  }

  #burst(extraTarget: number): Record<string, unknown> {
    this.notes.push('loadProfile.burstAtStart became a burst of ten minutes, of archetype tiny-stateless.');
    return { atSeconds: 1, archetype: 'tiny-stateless', extraTarget, durationSeconds: 600, selectivity: 1 };
  }

  #topology(): Record<string, unknown> {
    const shardReplicas = this.#number('shard.replicas');
    const coordinatorReplicas = this.#number('coordinator.replicas');
    return shardReplicas === 0 && coordinatorReplicas === 0 ? {} : { topology: { shardReplicas, coordinatorReplicas } };
  }

  #slo(): unknown {
    const known = knownKeys(profileSchema, ['slo']);
    const kept = this.#raw.keys('slo').filter((key) => known.includes(key));
    if (kept.length === 0) return undefined;
    return Object.fromEntries(kept.map((key) => [key, this.#take(`slo.${key}`)]));
  }
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

function nameFrom(file: string): string {
  const base = (file.split(/[/\\]/).at(-1) ?? '').replace(/\.ya?ml$/, '').replace(/\.legacy$/, '');
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(base) ? base : 'converted';
}
