import type { Finding } from '../files/issues.ts';
import { RawDocument } from '../files/raw-document.ts';
import type { Segment } from '../files/yaml-path.ts';
import { checkGate, checkUnique } from './rules.ts';
import { checkScrape } from './rules-scrape.ts';

/** Contradictions in a system. */
export function systemContradictions(root: unknown): readonly Finding[] {
  const raw = new RawDocument(root);
  for (const name of raw.keys('gates')) checkGate(raw, ['gates', name], true);
  checkUnique(raw, ['install', 'processes'], 'name');
  const ports = new Map<string, readonly string[]>();
  for (const index of raw.list('install', 'processes').keys()) {
    const path = ['install', 'processes', index] as const;
    const own = raw.texts(...path, 'ports');
    ports.set(raw.text(...path, 'name') ?? '', own);
    for (const arg of raw.list(...path, 'args').keys()) checkPlaceholders(raw, [...path, 'args', arg], own);
    for (const name of raw.keys(...path, 'env')) checkPlaceholders(raw, [...path, 'env', name], own);
  }
  for (const index of raw.list('ready', 'http').keys()) checkEndpoint(raw, ['ready', 'http', index], ports);
  for (const index of raw.list('scrape').keys()) {
    const path = ['scrape', index] as const;
    if (checkScrape(raw, path) === 'process') checkEndpoint(raw, path, ports);
  }
  return raw.findings;
}

function checkEndpoint(
  raw: RawDocument,
  path: readonly Segment[],
  ports: ReadonlyMap<string, readonly string[]>,
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

function checkPlaceholders(raw: RawDocument, path: readonly Segment[], ports: readonly string[]): void {
  const known = ['${kubeconfig}', '${cluster}', '${slug}', '${folder}', ...ports.map((port) => `\${port.${port}}`)];
  for (const [placeholder] of (raw.text(...path) ?? '').matchAll(/\$\{[^}]*\}?/g)) {
    if (!known.includes(placeholder)) raw.refuse(path, `${placeholder} is not filled in by anything`, known.join(', '));
  }
}
