import { parseQuantity } from '../model/quantity.ts';
import { RawDocument } from '../files/raw-document.ts';
import type { FileFormat } from '../model/file-format.ts';
import { SUBSTRATE_TYPE_NAMES, SUBSTRATE_TYPES } from '../model/substrate-types.ts';
import type { SubstrateTraits } from '../model/substrate-types.ts';
import { checkGate, checkUnique } from './rules.ts';
import type { Finding } from '../files/issues.ts';
import { valueAt } from '../files/issues.ts';
import type { Segment } from '../files/yaml-place.ts';

/** Contradictions in a substrate. */
export function substrateContradictions(root: unknown, format: FileFormat): readonly Finding[] {
  const raw = new RawDocument(root);
  const type = raw.text('type') ?? format.defaultSubstrateType;
  if (type === undefined && !raw.has('type'))
    raw.refuse(['type'], 'missing, it belongs at the top of the file', `one of ${SUBSTRATE_TYPE_NAMES.join(', ')}`);
  if (type !== undefined) checkSettings(raw, type);
  for (const resource of ['cpu', 'memory']) {
    const request = amountAt(root, ['kwokPod', 'requests', resource]);
    const limit = amountAt(root, ['kwokPod', 'limits', resource]);
    if (request !== undefined && limit !== undefined && request > limit) {
      raw.refuse(
        ['kwokPod', 'requests', resource],
        'above its limit',
        `at most ${String(valueAt(root, ['kwokPod', 'limits', resource]))}`,
      );
    }
  }
  const seen = new Set<unknown>();
  for (const [index, context] of raw.list('kubeconfig', 'contexts').entries()) {
    if (seen.size === seen.add(context).size)
      raw.refuse(['kubeconfig', 'contexts', index], 'a context twice', 'each context once');
  }
  return raw.findings;
}

/** Each type has settings of its own, and those of no other type. */
function checkSettings(raw: RawDocument, type: string): void {
  for (const [of, traits] of Object.entries<SubstrateTraits>(SUBSTRATE_TYPES)) {
    const { settings, requiredSettings } = traits;
    if (type !== of) {
      if (raw.has(settings)) raw.refuse([settings], `has no meaning for type ${type}`, `only for type ${of}`);
    } else if (requiredSettings !== undefined && !raw.has(settings)) {
      raw.refuse([settings], 'missing, it belongs at the top of the file', `${requiredSettings}, for type ${of}`);
    }
  }
}

function amountAt(root: unknown, path: readonly Segment[]): number | undefined {
  const value = valueAt(root, path);
  return typeof value === 'string' || typeof value === 'number' ? parseQuantity(String(value)) : undefined;
}

/** Contradictions in a catalogue. */
export function catalogueContradictions(root: unknown): readonly Finding[] {
  const raw = new RawDocument(root);
  for (const list of ['archetypes', 'seedArchetypes', 'demandArchetypes']) {
    checkUnique(raw, [list], 'name');
    for (const index of raw.list(list).keys()) checkArchetype(raw, [list, index]);
  }
  const left = {
    archetypes: 'nothing is left',
    seedArchetypes: 'no machine is seeded',
    demandArchetypes: 'nothing is left',
  };
  for (const [list, why] of Object.entries(left)) {
    const kinds = raw.list(list);
    if (kinds.length > 0 && kinds.every((_, index) => raw.is(list, index, 'burstOnly'))) {
      raw.refuse([list], `every archetype is burstOnly: ${why} for the load`, 'one archetype that is not burstOnly');
    }
  }
  return raw.findings;
}

function checkArchetype(raw: RawDocument, path: readonly Segment[]): void {
  if (raw.is(...path, 'sameRack') && raw.is(...path, 'sameZone')) {
    raw.refuse([...path, 'sameZone'], 'together with sameRack', 'one of the two: a rack lies in one zone anyway');
  }
  const low = raw.number(...path, 'groupSizeRange', 0);
  const high = raw.number(...path, 'groupSizeRange', 1);
  if (low !== undefined && high !== undefined && low > high) {
    raw.refuse([...path, 'groupSizeRange', 0], 'above the largest gang', `at most ${high}`);
  }
  if ((raw.number(...path, 'spreadConstraintProb') ?? 0) > 0 && !raw.has(...path, 'spreadConstraint')) {
    raw.refuse([...path, 'spreadConstraintProb'], 'no spreadConstraint to apply', 'a spreadConstraint beside it');
  }
}

/** Contradictions in a system. */
export function systemContradictions(root: unknown): readonly Finding[] {
  const raw = new RawDocument(root);
  for (const name of raw.keys('gates')) checkGate(raw, ['gates', name], true);
  checkUnique(raw, ['install', 'processes'], 'name');
  const ports = new Map<string, readonly unknown[]>();
  for (const index of raw.list('install', 'processes').keys()) {
    const path = ['install', 'processes', index] as const;
    const own = raw.list(...path, 'ports');
    ports.set(raw.text(...path, 'name') ?? '', own);
    for (const arg of raw.list(...path, 'args').keys()) checkPlaceholders(raw, [...path, 'args', arg], own);
    for (const name of raw.keys(...path, 'env')) checkPlaceholders(raw, [...path, 'env', name], own);
  }
  for (const index of raw.list('ready', 'http').keys()) checkEndpoint(raw, ['ready', 'http', index], ports);
  for (const index of raw.list('scrape').keys()) {
    const path = ['scrape', index] as const;
    const byProcess = raw.has(...path, 'process') || raw.has(...path, 'port');
    if (byProcess && raw.has(...path, 'url')) raw.refuse(path, 'a process and an address', 'process and port, or url');
    else if (byProcess) checkEndpoint(raw, path, ports);
    else if (!raw.has(...path, 'url')) raw.refuse(path, 'nothing to scrape', 'process and port, or url');
  }
  return raw.findings;
}

function checkEndpoint(
  raw: RawDocument,
  path: readonly Segment[],
  ports: ReadonlyMap<string, readonly unknown[]>,
): void {
  const process = raw.text(...path, 'process');
  const port = raw.text(...path, 'port');
  if (process === undefined || port === undefined) {
    const missing = process === undefined ? 'process' : 'port';
    if (!raw.has(...path, missing)) raw.refuse([...path, missing], 'missing', 'both process and port');
    return;
  }
  const known = ports.get(process);
  if (known === undefined)
    raw.refuse(
      [...path, 'process'],
      'no such process in install.processes',
      [...ports.keys()].join(', ') || 'none is listed',
    );
  else if (!known.includes(port))
    raw.refuse([...path, 'port'], `no such port of ${process}`, known.join(', ') || 'none is listed');
}

function checkPlaceholders(raw: RawDocument, path: readonly Segment[], ports: readonly unknown[]): void {
  const known = [
    '${kubeconfig}',
    '${cluster}',
    '${slug}',
    '${folder}',
    ...ports.map((port) => `\${port.${String(port)}}`),
  ];
  for (const [placeholder] of (raw.text(...path) ?? '').matchAll(/\$\{[^}]*\}?/g)) {
    if (!known.includes(placeholder)) raw.refuse(path, `${placeholder} is not filled in by anything`, known.join(', '));
  }
}
