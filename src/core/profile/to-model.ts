import { parseDuration } from '../text/duration.ts';
import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { ExistingPrometheus } from '../model/existing-prometheus.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { FileFormat } from '../model/file-format.ts';
import type { ProfilePods } from '../model/pod-fields.ts';
import type { InnerWaits, Profile } from '../model/profile.ts';
import { lowersDemand } from '../model/scale-down.ts';
import type { Ladder } from '../model/ladder.ts';
import type { ScrapeEntry } from '../model/scrape-entry.ts';
import type { Substrate } from '../model/substrate.ts';
import { traitsOf } from '../model/substrate-types.ts';
import type { System } from '../model/system.ts';
import type { GateFile } from './schema-gate.ts';
import type { ArchetypeFile, CatalogueFile } from './schema-catalogue.ts';
import type { PrometheusFile } from './schema-prometheus.ts';
import type { SubstrateFile } from './schema-substrate.ts';
import type { ProfilePodsFile } from './schema-pods.ts';
import type { ProfileFile } from './schema-profile.ts';
import type { LadderFile, SystemFile } from './schema-system.ts';

/** The same without the keys that are undefined. */
type Compact<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Compact<T>;
}

/** Durations have passed the schema, so they parse. */
function ms(duration: string): number {
  return parseDuration(duration) ?? 0;
}

/** A profile file with durations in milliseconds and the times of load changes counted from the start of the soak. */
export function toProfile(file: ProfileFile, format: FileFormat): Profile {
  const { rampSeconds, settleSeconds, bursts, scaleDowns, demandSteps } = file.loadProfile;
  const moved = <T extends { readonly atSeconds: number }>(events: readonly T[]): readonly T[] =>
    events.map((event) => ({ ...event, atSeconds: format.intoSoak(event.atSeconds, rampSeconds) }));
  const soakSeconds = format.soakSeconds(file.loadProfile.soakSeconds);
  return {
    metadata: file.metadata,
    scale: file.scale,
    catalog: file.catalog,
    seed: file.seed,
    loadProfile: {
      ...file.loadProfile,
      soakSeconds,
      settleSeconds: settleSeconds >= soakSeconds ? 0 : settleSeconds,
      bursts: moved(bursts),
      scaleDowns: moved(scaleDowns.filter(({ targetMultiplier }) => lowersDemand(targetMultiplier))),
      demandSteps: moved(demandSteps),
    },
    rampBudgetMs: file.rampBudget === undefined ? 0 : ms(file.rampBudget),
    runnerActions: file.runnerActions.map(({ on, ...action }) => (on === undefined ? action : { ...action, on })),
    topology: file.topology,
    shard: file.shard,
    slo: compact(file.slo),
    system: file.system ?? format.defaultSystem,
    ...(file.pods === undefined ? {} : { pods: toPods(file.pods) }),
    gates: toGates(file.gates),
    ...(file.requireQuietHost ? { requireQuietHost: true } : {}),
    deadlines: Object.fromEntries(
      Object.entries(file.deadlines).map(([name, value]) => [`${name}Ms`, ms(value ?? '0s')]),
    ) as Partial<InnerWaits>,
    budget: { usd: file.budget.usd, wallClockMs: ms(file.budget.wallClock) },
    ...(file.hostWait === undefined ? {} : { hostWaitMs: ms(file.hostWait) }),
    ...(file.hold === undefined ? {} : { holdMs: holdMs(file.hold) }),
    randomSeed: file.randomSeed,
  };
}

/** The tolerations of a file may have keys that are undefined. */
function toPods(file: ProfilePodsFile): ProfilePods {
  const { tolerations, ...rest } = compact(file);
  return {
    ...rest,
    ...(tolerations === undefined ? {} : { tolerations: tolerations.map((each) => compact(each)) }),
  };
}

/** A hold as files and inputs write it: a duration, 0 or false. */
function holdMs(hold: string | number | boolean): number {
  return typeof hold === 'string' ? ms(hold) : 0;
}

function toGates(gates: Readonly<Record<string, GateFile>>): Readonly<Record<string, GatePatch>> {
  return Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, toGate(gate)]));
}

function toGate(gate: GateFile): GatePatch {
  const { window, scale, for: forReadings, ...rest } = gate;
  return {
    ...compact(rest),
    ...(forReadings === undefined ? {} : { forReadings }),
    ...(scale === undefined
      ? {}
      : { bar: 'scaled', scale: { by: scale.by, steps: scale.steps.map((step) => compact(step)) } }),
    ...(window === undefined ? {} : { windowMs: window === 'soak' ? 'soak' : ms(window) }),
  };
}

/**
 * A substrate file.
 * @throws RangeError when it names no type and its format has no default, which validation refuses before
 */
export function toSubstrate(file: SubstrateFile, format: FileFormat): Substrate {
  const { apiVersion: _version, kind: _kind, apiserver: _inert, type: written, kwokPod, kubeconfig, ...rest } = file;
  const type = written ?? format.defaultSubstrateType;
  if (type === undefined) throw new RangeError(`substrate ${file.metadata.name} has no type`);
  return {
    ...traitsOf({ type }).defaults,
    ...compact(rest),
    type,
    ...(kwokPod === undefined ? {} : { kwokPod: toKwokPod(kwokPod) }),
    ...(kubeconfig === undefined ? {} : { kubeconfig: toKubeconfig(kubeconfig) }),
  };
}

function toKubeconfig({
  prometheus,
  ...rest
}: NonNullable<SubstrateFile['kubeconfig']>): NonNullable<Substrate['kubeconfig']> {
  return { ...rest, ...(prometheus === undefined ? {} : { prometheus: toPrometheus(prometheus) }) };
}

function toPrometheus({ jobs, ...rest }: PrometheusFile): ExistingPrometheus {
  const federated = Object.entries(jobs).map(([name, { labels = { job: name }, targets, scrapeInterval }]) => [
    name,
    { labels, targets, scrapeIntervalMs: ms(scrapeInterval) },
  ]);
  return { ...compact(rest), jobs: Object.fromEntries(federated) as ExistingPrometheus['jobs'] };
}

function toKwokPod(file: NonNullable<SubstrateFile['kwokPod']>): NonNullable<Substrate['kwokPod']> {
  const { requests, limits, sharedVolumeSizeLimit: limit } = file;
  return {
    requests: { cpu: String(requests.cpu), memory: String(requests.memory) },
    limits: { cpu: String(limits.cpu), memory: String(limits.memory) },
    ...(limit === undefined ? {} : { sharedVolumeSizeLimit: String(limit) }),
  };
}

/** A catalogue file. Seed and demand default to the archetypes; size buckets override resources. */
export function toCatalogue(file: CatalogueFile, name: string): Catalogue {
  const archetypes = file.archetypes.map(toArchetype);
  const or = (own: readonly ArchetypeFile[]): readonly Archetype[] =>
    own.length > 0 ? own.map(toArchetype) : archetypes;
  const all = [...file.archetypes, ...file.seedArchetypes, ...file.demandArchetypes];
  const hasPriorities = all.some(({ priorityClasses }) => priorityClasses.length > 0);
  return {
    name,
    archetypes,
    seedArchetypes: or(file.seedArchetypes),
    demandArchetypes: or(file.demandArchetypes),
    ...(hasPriorities ? { hasPriorities } : {}),
  };
}

function toArchetype(file: ArchetypeFile): Archetype {
  const { resources, sizeBuckets, spreadConstraint, groupSizeRange, pods, ...rest } = file;
  const buckets = sizeBuckets.length > 0 ? sizeBuckets : resources === undefined ? [] : [{ weight: 1, resources }];
  return {
    ...rest,
    // BigFleet's priority of a Pod without a priority class.
    priorityClasses: rest.priorityClasses.length > 0 ? rest.priorityClasses : [1000],
    sizeBuckets: buckets.map((bucket) => ({
      weight: bucket.weight,
      resources: Object.fromEntries(Object.entries(bucket.resources).map(([name, amount]) => [name, String(amount)])),
    })),
    ...(pods === undefined ? {} : { pods: toPods(pods) }),
    ...(spreadConstraint === undefined ? {} : { spreadConstraint }),
    ...(groupSizeRange === undefined ? {} : { groupSizeRange }),
  };
}

/** A system file. */
export function toSystem(file: SystemFile): System {
  const { helm } = file.install;
  return {
    metadata: file.metadata,
    ...(file.extension === undefined ? {} : { extension: file.extension }),
    capacity: file.capacity,
    install: {
      manifests: file.install.manifests.map((manifest) => compact(manifest)),
      ...(helm === undefined ? {} : { helm: { ...helm, values: helm.values } }),
      processes: file.install.processes,
      ...(file.install.finalizers.length === 0 ? {} : { finalizers: file.install.finalizers }),
    },
    ready: { crds: file.ready.crds, http: file.ready.http, timeoutMs: ms(file.ready.timeout) },
    scrape: file.scrape.map(toScrapeEntry),
    gates: toGates(file.gates),
  };
}

function toScrapeEntry(file: SystemFile['scrape'][number]): ScrapeEntry {
  const { interval, timeout, tls, bearer, ...rest } = file;
  return {
    ...compact(rest),
    ...(interval === undefined ? {} : { intervalMs: ms(interval) }),
    ...(timeout === undefined ? {} : { timeoutMs: ms(timeout) }),
    ...(tls === undefined ? {} : { tls: compact(tls) }),
    ...(bearer === undefined ? {} : { bearer: compact(bearer) }),
  };
}

/** A ladder file. */
export function toLadder(file: LadderFile): Ladder {
  const { schedule } = file;
  return {
    metadata: file.metadata,
    rungs: file.rungs,
    runAgain: file.runAgain,
    ...(schedule === undefined
      ? {}
      : {
          schedule: {
            calendars: schedule.calendars.map((calendar) => compact(calendar)),
            timezone: schedule.timezone,
            catchupMs: ms(schedule.catchup),
            paused: schedule.paused,
          },
        }),
  };
}
