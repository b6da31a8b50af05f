import type { GatePatch } from '../../model/gate-patch.ts';
import type { GateSource, GateSources } from '../model.ts';
import { delta } from './delta.ts';
import { idle } from './idle.ts';
import type { GateKind } from './kind.ts';
import { quantile } from './quantile.ts';
import { query } from './query.ts';
import { ratio } from './ratio.ts';
import { share } from './share.ts';
import { trend } from './trend.ts';

/** Registry of the kinds of gate, by the name of their field in files. */
const GATE_KINDS = { query, ratio, delta, share, quantile, idle, trend } satisfies {
  readonly [K in keyof GateSources]: GateKind<GateSources[K]>;
};

/** The names of all kinds, for messages. */
export const GATE_KIND_NAMES: readonly string[] = Object.keys(GATE_KINDS);

type Schemas = { [K in keyof typeof GATE_KINDS]: (typeof GATE_KINDS)[K]['schema'] };

/** Schemas of the kinds' fields, to be spread into the schema of a gate. */
export const GATE_KIND_FIELDS = Object.fromEntries(
  Object.entries(GATE_KINDS).map(([name, { schema }]) => [name, schema]),
) as Schemas;

/** All kinds, for what is done with each of them. */
export const ALL_GATE_KINDS: readonly Pick<GateKind<GateSource>, 'sourceOf' | 'checkRaw'>[] = Object.values(GATE_KINDS);

/** The names of the kinds whose values rest on events that are counted, for messages. */
export const KINDS_WITH_EVENTS: readonly string[] = Object.entries(GATE_KINDS)
  .filter(([, kind]) => 'hasEvents' in kind)
  .map(([name]) => name);

/** The kind of a source. */
export function gateKind({ kind }: GateSource): GateKind<GateSource> {
  // The kinds that a source's name selects are those that take this source; TypeScript cannot express that for a union.
  return GATE_KINDS[kind] as GateKind<GateSource>;
}

/** The source that the fields of a file give; undefined where they give none, as when a profile only changes a bar. */
export function sourceOf(patch: GatePatch): GateSource | undefined {
  return ALL_GATE_KINDS.map((kind) => kind.sourceOf(patch)).find((source) => source !== undefined);
}

/** Names of the kinds whose fields a file has; more than one is an error. */
export function kindsIn(patch: GatePatch): readonly string[] {
  return GATE_KIND_NAMES.filter((name) => (patch as Readonly<Record<string, unknown>>)[name] !== undefined);
}
