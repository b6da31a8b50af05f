import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { homedir, hostname } from 'node:os';
import { repositoryFolder, runsFolder, stateFolder } from '../../src/adapters/host/folders.ts';

/** A history as Temporal's client gives it. */
export type History = Parameters<typeof historyToJSON>[0];

/** Texts that name the machine a history was recorded on, and their replacements. */
const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
const MACHINE: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(belay-(?:host|load))-${escaped(host)}-`, 'g'), '$1-host-'],
  [new RegExp(`\\d+@${escaped(hostname())}`, 'g'), '1@host'],
  [new RegExp(escaped(stateFolder()), 'g'), '/belay/.belay'],
  [new RegExp(escaped(runsFolder()), 'g'), '/belay/runs'],
  [new RegExp(escaped(repositoryFolder), 'g'), '/belay'],
  [new RegExp(`${escaped(homedir())}/`, 'g'), '~/'],
  [/\/tmp\/[^"\\ ]*/g, '/tmp/somewhere'],
];

/** A history as replayable JSON, one event per line, without anything that names the machine it was recorded on. */
export function neutralHistory(history: History): string {
  const { events } = JSON.parse(historyToJSON(history)) as { readonly events: readonly unknown[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(walk(event))).join(',\n')}\n]}\n`;
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return neutral(value);
  if (Array.isArray(value)) return value.map(walk);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    // Payloads are JSON in base64. Stack traces are nothing but paths.
    if (key === 'data' && typeof inner === 'string') return [key, base64(neutral(text(inner)))];
    if (key === 'stackTrace') return [key, ''];
    return [key, walk(inner)];
  });
  return Object.fromEntries(entries);
}

function neutral(value: string): string {
  return MACHINE.reduce((changed, [pattern, stand]) => changed.replaceAll(pattern, stand), value);
}

function text(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}

function base64(value: string): string {
  return Buffer.from(value, 'utf8').toString('base64');
}

function escaped(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
