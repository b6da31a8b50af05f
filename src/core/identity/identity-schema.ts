import { z } from 'zod';

/*
 * The identity of a campaign: what its readings were taken with. Every list is a set: its order means nothing. The types of the
 * writer and of every reader are inferred from these schemas.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Belay's own code, as one worker loaded it. */
const code = z.object({
  version: z.string(),
  /** Content of `src/` and the lockfile: the same on every checkout of a commit. */
  contentSha256: sha256,
  /** Null where git does not know it. */
  commit: z.string().nullable(),
  /** Whether `src/` or the lockfile differs from the commit; null where git does not know it. */
  dirty: z.boolean().nullable(),
});

/** The kind of machine that a worker ran on. It has no name of the machine. */
const hostClass = z.object({
  node: z.string(),
  /** E.g. `linux x64`. */
  platform: z.string(),
  /** E.g. `debian 13`. */
  os: z.string(),
  /** Release of the kernel without its build, e.g. `6.12.74`. */
  kernel: z.string(),
  cpuModel: z.string(),
  cores: z.number(),
  memoryGib: z.number(),
  /** What the limits of the process's cgroup and its CPU affinity leave. */
  effectiveCores: z.number(),
  effectiveMemoryGib: z.number(),
  container: z.boolean(),
});

/** A program that ran on the host. `version` is `unknown` for a program that cannot report it; its sha256 still identifies it. */
const tool = z.object({ name: z.string(), version: z.string(), sha256 });

/** The Temporal server. `sha256` is that of its program; null for a server that Belay did not start. */
const temporal = z.object({ version: z.string(), sha256: sha256.nullable() });

/** The kind of a Node, as its kubelet reports it. */
const nodeClass = z.object({
  kubelet: z.string(),
  kernel: z.string(),
  osImage: z.string(),
  runtime: z.string(),
  architecture: z.string(),
});

/** Clusters of one kind, and how many there are. Nodes are listed for borrowed clusters; Belay or the system makes all others. */
const clusterClass = z.object({
  version: z.string(),
  platform: z.string(),
  count: z.number(),
  nodes: z.array(nodeClass),
});

const chart = z.object({ name: z.string(), version: z.string(), contentSha256: sha256, valuesSha256: sha256 });

/** The system under test, as its file says how it is installed. */
const system = z.object({
  name: z.string(),
  fileSha256: z.string(),
  /** Null for a system without manifests. */
  manifestsSha256: sha256.nullable(),
  /** Null for a system without a chart. */
  chart: chart.nullable(),
  /** Files that the system's processes have in their arguments. */
  files: z.array(z.object({ name: z.string(), sha256 })),
});

/** An image that a container ran. `imageId` is `none` where the cluster plays its Pods and runs no container. */
const image = z.object({ of: z.enum(['system', 'load']), image: z.string(), imageId: z.string() });

/** A part that could not be found out, and why. */
const unknownPart = z.object({ part: z.string(), why: z.string() });

export const identitySchema = z.object({
  /** The code of every worker that ran a stage: more than one when Belay was changed meanwhile. */
  code: z.array(code),
  hosts: z.array(hostClass),
  temporal: temporal.nullable(),
  tools: z.array(tool),
  clusters: z.array(clusterClass),
  system: system.nullable(),
  images: z.array(image),
  unknown: z.array(unknownPart),
});

/** What one stage found out. Parts that it does not look for are absent. */
const stageFinding = z.object({
  kind: z.literal('stage'),
  stage: z.string(),
  /** The group whose host found it out. Absent = the lead, or the only host. */
  group: z.string().exactOptional(),
  temporal: temporal.exactOptional(),
  tools: z.array(tool).exactOptional(),
  clusters: z.array(clusterClass).exactOptional(),
  system: system.exactOptional(),
  images: z.array(image).exactOptional(),
  unknown: z.array(unknownPart),
});

/** The worker of a stage. */
const workerFinding = z.object({
  kind: z.literal('worker'),
  code: code.exactOptional(),
  host: hostClass.exactOptional(),
  unknown: z.array(unknownPart),
});

/** A line of `identity.jsonl`. */
export const identityFindingSchema = z.discriminatedUnion('kind', [stageFinding, workerFinding]);

type Deep<T> = T extends readonly (infer Item)[]
  ? readonly Deep<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<T[K]> }
    : T;

/** What the readings of a campaign were taken with. */
export type Identity = Deep<z.output<typeof identitySchema>>;
export type CodeIdentity = Identity['code'][number];
export type HostClass = Identity['hosts'][number];
export type ToolIdentity = Identity['tools'][number];
export type TemporalIdentity = NonNullable<Identity['temporal']>;
export type ClusterClass = Identity['clusters'][number];
export type NodeClass = ClusterClass['nodes'][number];
export type SystemIdentity = NonNullable<Identity['system']>;
export type ImageIdentity = Identity['images'][number];
export type UnknownPart = Identity['unknown'][number];

export type StageFinding = Deep<z.output<typeof stageFinding>>;
export type WorkerFinding = Deep<z.output<typeof workerFinding>>;
/** What a stage or a worker found out about the identity. */
export type IdentityFinding = StageFinding | WorkerFinding;
