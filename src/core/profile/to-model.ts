import { parseDuration } from '../text/duration.ts';
import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { InnerWaits, Profile } from '../model/profile.ts';
import type { Ladder } from '../model/ladder.ts';
import type { Substrate } from '../model/substrate.ts';
import type { System } from '../model/system.ts';
import type { GateFile } from './schema-gate.ts';
import type { ArchetypeFile, CatalogueFile, SubstrateFile } from './schema-place.ts';
import type { ProfileFile } from './schema-profile.ts';
import type { LadderFile, SystemFile } from './schema-system.ts';
import { intoSoak, isDrop, soakSecondsOf } from '../bigfleet/format/load-times.ts';

/** The same without the keys that are undefined. */
type Compact<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Compact<T>;
}

/** Durations have passed the schema, so they parse. */
function ms(duration: string): number {
  return parseDuration(duration) ?? 0;
}

/** A profile file with durations in milliseconds. `upstream`: BigFleet's version, with its defaults and leniencies. */
export function toProfile(file: ProfileFile, upstream: boolean): Profile {
  const { rampSeconds, settleSeconds, bursts, scaleDowns, demandSteps } = file.loadProfile;
  const moved = <T extends { readonly atSeconds: number }>(events: readonly T[]): readonly T[] =>
    upstream ? events.map((event) => ({ ...event, atSeconds: intoSoak(event.atSeconds, rampSeconds) })) : events;
  const soakSeconds = soakSecondsOf(file.loadProfile.soakSeconds, upstream);
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
      scaleDowns: moved(scaleDowns.filter(({ targetMultiplier }) => isDrop(targetMultiplier))),
      demandSteps: moved(demandSteps),
    },
    rampBudgetMs: file.rampBudget === undefined ? 0 : ms(file.rampBudget),
    runnerActions: file.runnerActions.map(({ on, ...action }) => (on === undefined ? action : { ...action, on })),
    topology: file.topology,
    shard: file.shard,
    slo: compact(file.slo),
    system: file.system ?? (upstream ? 'bigfleet' : 'kube-scheduler'),
    gates: toGates(file.gates),
    deadlines: Object.fromEntries(
      Object.entries(file.deadlines).map(([name, value]) => [`${name}Ms`, ms(value ?? '0s')]),
    ) as Partial<InnerWaits>,
    budget: { usd: file.budget.usd, wallClockMs: ms(file.budget.wallClock) },
    ...(file.hold === undefined ? {} : { holdMs: holdMs(file.hold) }),
    randomSeed: file.randomSeed,
  };
}

/** A hold as files and inputs write it: a duration, 0 or false. */
export function holdMs(hold: string | number | boolean): number {
  return typeof hold === 'string' ? ms(hold) : 0;
}

function toGates(gates: Readonly<Record<string, GateFile>>): Readonly<Record<string, GatePatch>> {
  return Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, toGate(gate)]));
}

function toGate(gate: GateFile): GatePatch {
  const { window, scale, ...rest } = gate;
  return {
    ...compact(rest),
    ...(scale === undefined
      ? {}
      : { bar: 'scaled', scale: { by: scale.by, steps: scale.steps.map((step) => compact(step)) } }),
    ...(window === undefined ? {} : { windowMs: window === 'soak' ? 'soak' : ms(window) }),
  };
}

/** A substrate file; BigFleet's describe hosted clusters. */
export function toSubstrate(file: SubstrateFile): Substrate {
  const type = file.type ?? 'hosted';
  const pod = file.kwokPod;
  return {
    metadata: file.metadata,
    type,
    host: file.host,
    cluster: file.cluster,
    ...(pod === undefined
      ? {}
      : {
          kwokPod: {
            requests: { cpu: String(pod.requests.cpu), memory: String(pod.requests.memory) },
            limits: { cpu: String(pod.limits.cpu), memory: String(pod.limits.memory) },
            ...(pod.sharedVolumeSizeLimit === undefined
              ? {}
              : { sharedVolumeSizeLimit: String(pod.sharedVolumeSizeLimit) }),
          },
        }),
    costEstimate: file.costEstimate,
    provisioning: file.provisioning,
    ...(file.kubeconfig === undefined ? {} : { kubeconfig: file.kubeconfig }),
    ...(type === 'local' ? { local: file.local ?? { env: {}, nodeReadyDelaySeconds: 0 } } : {}),
  };
}

/** A catalogue file. Seed and demand fall back to the archetypes, size buckets win over resources, as upstream. */
export function toCatalogue(file: CatalogueFile, name: string): Catalogue {
  const archetypes = file.archetypes.map(toArchetype);
  const or = (own: readonly ArchetypeFile[]): readonly Archetype[] =>
    own.length > 0 ? own.map(toArchetype) : archetypes;
  return { name, archetypes, seedArchetypes: or(file.seedArchetypes), demandArchetypes: or(file.demandArchetypes) };
}

function toArchetype(file: ArchetypeFile): Archetype {
  const { resources, sizeBuckets, spreadConstraint, groupSizeRange, ...rest } = file;
  const buckets = sizeBuckets.length > 0 ? sizeBuckets : resources === undefined ? [] : [{ weight: 1, resources }];
  return {
    ...rest,
    // Upstream's priority of a Pod that names none.
    priorityClasses: rest.priorityClasses.length > 0 ? rest.priorityClasses : [1000],
    sizeBuckets: buckets.map((bucket) => ({
      weight: bucket.weight,
      resources: Object.fromEntries(Object.entries(bucket.resources).map(([name, amount]) => [name, String(amount)])),
    })),
    ...(spreadConstraint === undefined ? {} : { spreadConstraint }),
    ...(groupSizeRange === undefined ? {} : { groupSizeRange }),
  };
}

/** A system file. */
export function toSystem(file: SystemFile): System {
  const { helm } = file.install;
  return {
    metadata: file.metadata,
    capacity: file.capacity,
    install: {
      manifests: file.install.manifests.map((manifest) => compact(manifest)),
      ...(helm === undefined ? {} : { helm: { ...helm, values: helm.values } }),
      processes: file.install.processes,
    },
    ready: { crds: file.ready.crds, http: file.ready.http, timeoutMs: ms(file.ready.timeout) },
    scrape: file.scrape.map((target) => compact(target)),
    gates: toGates(file.gates),
  };
}

/** A ladder file. */
export function toLadder(file: LadderFile): Ladder {
  const { schedule } = file;
  return {
    metadata: file.metadata,
    rungs: file.rungs,
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
