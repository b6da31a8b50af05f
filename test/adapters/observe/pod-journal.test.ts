import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factOf, lineOf, type PodFact } from '../../../src/adapters/observe/pod-facts.ts';
import { PodJournal } from '../../../src/adapters/observe/pod-journal.ts';

let folder: string;
const opened: PodJournal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-journal-'));
});
afterEach(() => {
  for (const journal of opened.splice(0)) journal.close();
  rmSync(folder, { recursive: true });
});

interface Opened {
  readonly journal: PodJournal;
  /** What earlier writers left. */
  readonly before: readonly PodFact[];
}

function open(): Opened {
  const before: PodFact[] = [];
  const journal = PodJournal.open(folder, (fact) => before.push(fact));
  opened.push(journal);
  return { journal, before };
}

const late = (ms: number): PodFact => ({ type: 'late', ms });
const msOf = ({ before }: Opened): readonly number[] => before.map((fact) => (fact.type === 'late' ? fact.ms : -1));

const count = fc.nat(1_000_000);
const key = { slot: count, generation: count, sentAtMs: count };
const stage = { stage: fc.constantFrom('ramp', 'steady', 'soak'), execution: count };
const anyFact: fc.Arbitrary<PodFact> = fc.oneof(
  fc.record({
    type: fc.constant('series' as const),
    ...stage,
    bounds: fc.array(fc.double({ min: 0.001, max: 900, noNaN: true })),
  }),
  fc.record({ type: fc.constant('lateness' as const), bounds: fc.array(count) }),
  fc.record({ type: fc.constant('stage' as const), ...stage, atMs: count }),
  fc.record({ type: fc.constant('created' as const), ...key, intendedAtMs: count }),
  fc.record({
    type: fc.constant('ended' as const),
    ...key,
    end: fc.constantFrom('bound' as const, 'deleted' as const, 'unbound' as const),
    waitedMs: count,
  }),
  fc.record({ type: fc.constant('vanished' as const), ...key }),
  fc.record({ type: fc.constant('late' as const), ms: count }),
);

test('a fact is the same after it was a line, and a line that was cut off is no fact', () => {
  fc.assert(
    fc.property(anyFact, fc.nat(200), (fact, cut) => {
      const line = lineOf(fact);
      expect(factOf(line)).toEqual(fact);
      if (cut < line.length) expect(factOf(line.slice(0, cut))).toBeUndefined();
    }),
  );
});

test.each([
  '',
  '[]',
  '{}',
  'null',
  '["c",1,2]',
  '["x",1,2,3,4]',
  '["c",1,"2",3,4]',
  '["series","ramp",1]',
  '["after",{}]',
])('the line %s is no fact', (line) => {
  expect(factOf(line)).toBeUndefined();
});

test('the next writer reads what was flushed, and so does the one after it', () => {
  const first = open();
  expect(first.before).toEqual([]);
  for (const ms of [1, 2, 3]) first.journal.append(late(ms));
  expect(first.journal.flush()).toBe(true);
  const second = open();
  expect(msOf(second)).toEqual([1, 2, 3]);
  second.journal.append(late(4));
  second.journal.close();
  expect(msOf(open())).toEqual([1, 2, 3, 4]);
});

test('what a writer adds after another one has taken over is no part of the journal', () => {
  const first = open();
  first.journal.append(late(1));
  first.journal.flush();
  const second = open();
  first.journal.append(late(2));
  expect(first.journal.flush()).toBe(false);
  expect(first.journal.superseded).toBe(true);
  second.journal.append(late(3));
  expect(second.journal.flush()).toBe(true);
  expect(msOf(open())).toEqual([1, 3]);
});

test('a last line that was cut off is left out, and a file whose writer was killed before its first line as well', () => {
  const first = open();
  first.journal.append(late(1));
  first.journal.flush();
  appendFileSync(join(folder, '1.jsonl'), '["l",2');
  writeFileSync(join(folder, '2.jsonl'), '');
  writeFileSync(join(folder, '3.jsonl'), '["after",{"1":9');
  const fourth = open();
  expect(msOf(fourth)).toEqual([1]);
  // The writer of the cut line was not dead: what it writes now is too late.
  appendFileSync(join(folder, '1.jsonl'), '9]\n["l",3]\n');
  fourth.journal.append(late(4));
  fourth.journal.flush();
  expect(msOf(open())).toEqual([1, 4]);
});

test('a fact is on the disk soon, without a flush', async () => {
  const { journal } = open();
  journal.append(late(7));
  for (let tries = 0; tries < 500 && !readFileSync(join(folder, '1.jsonl'), 'utf8').includes('["l",7]'); tries++)
    await new Promise((wake) => setTimeout(wake, 10));
  expect(readFileSync(join(folder, '1.jsonl'), 'utf8')).toContain('["l",7]\n');
});

test('SIGKILL loses nothing that was flushed', async () => {
  const journalUrl = new URL('../../../src/adapters/observe/pod-journal.ts', import.meta.url).href;
  const script = `
    const { PodJournal } = await import(${JSON.stringify(journalUrl)});
    const journal = PodJournal.open(${JSON.stringify(folder)}, () => {});
    for (let ms = 0; ; ms++) {
      journal.append({ type: 'late', ms });
      if (ms % 1000 === 999) {
        journal.flush();
        process.stdout.write(ms + '\\n');
        await new Promise((wake) => setTimeout(wake, 1));
      }
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let shown = -1;
  child.stdout.on('data', (chunk: Buffer) => {
    shown = Math.max(shown, ...chunk.toString().trim().split('\n').map(Number));
    if (shown > 20_000) child.kill('SIGKILL');
  });
  await exited;
  const left = msOf(open());
  expect(left.length).toBeGreaterThan(shown);
  expect(left).toEqual(Array.from({ length: left.length }, (_, ms) => ms));
});

test('a journal of 20,000 Pods is small', () => {
  const { journal } = open();
  for (let slot = 0; slot < 20_000; slot++) {
    const pod = { slot, generation: 3, sentAtMs: 1_796_000_000_000 + slot };
    journal.append({ type: 'created', ...pod, intendedAtMs: pod.sentAtMs });
    journal.append({ type: 'ended', ...pod, end: 'bound', waitedMs: 1_234 });
    journal.append(late(12));
  }
  journal.flush();
  expect(readFileSync(join(folder, '1.jsonl')).length / 20_000).toBeLessThan(110);
  expect(readdirSync(folder)).toEqual(['1.jsonl']);
  mkdirSync(join(folder, 'not-a-journal.jsonl'));
  expect(open().before).toHaveLength(60_000);
});
