import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../../src/adapters/evidence/evidence-folder.ts';
import { openEvidence, readReadings, readTimeline } from '../../../src/adapters/evidence/evidence-folder.ts';
import { manifestProblems, writeManifest } from '../../../src/adapters/evidence/manifest.ts';
import { gateOf, resultOf, specOf } from './fixture.ts';

const gate = gateOf('bindP99');
const event: TimelineEvent = { atMs: 1, stage: 'seed', execution: 1, attempt: 1, what: 'began', detail: '' };

describe('the evidence folder', () => {
  let runs: string;
  const before = process.env['BELAY_RUNS'];

  beforeEach(() => {
    runs = mkdtempSync(join(tmpdir(), 'belay-evidence-'));
    process.env['BELAY_RUNS'] = runs;
  });
  afterEach(() => {
    if (before === undefined) delete process.env['BELAY_RUNS'];
    else process.env['BELAY_RUNS'] = before;
    rmSync(runs, { recursive: true, force: true });
  });

  it('says what is tested, and keeps what a retry replaced', () => {
    const first = specOf([gate]);
    const { folder } = openEvidence(first);
    expect(folder).toBe(join(runs, 'dev-50-20260821'));
    const changed = specOf([{ ...gate, bar: { max: 9 } }], { specHash: 'a1'.repeat(32) });
    openEvidence(changed);
    openEvidence(changed);
    const text = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    expect(text('spec.json')).toMatchObject({ specHash: changed.specHash });
    expect(text('plan.json')).toMatchObject({ totalPods: 400, deadlines: { campaignMs: 600_000 } });
    expect(readdirSync(join(folder, 'specs'))).toEqual(['f0f0f0f0f0f0.json']);
    expect(text('specs/f0f0f0f0f0f0.json')).toMatchObject({ specHash: first.specHash });
  });

  it('keeps an event once, also when it is written again, and each attempt by itself', () => {
    const spec = specOf([gate]);
    const evidence = openEvidence(spec);
    evidence.event(event);
    evidence.event({ ...event, atMs: 2 });
    openEvidence(spec).event({ ...event, atMs: 3 });
    openEvidence(spec).event({ ...event, atMs: 4, attempt: 2 });
    expect(readTimeline(evidence.folder).map(({ atMs, attempt }) => [atMs, attempt])).toEqual([
      [1, 1],
      [4, 2],
    ]);
  });

  it('loses only the line that a crash tore', () => {
    const spec = specOf([gate]);
    const { folder } = openEvidence(spec);
    openEvidence(spec).event(event);
    appendFileSync(join(folder, 'timeline.jsonl'), '{"atMs":5,"stage":"see');
    expect(readTimeline(folder)).toEqual([event]);
    const later = { ...event, atMs: 6, what: 'ended' };
    const evidence = openEvidence(spec);
    evidence.event(later);
    expect(readTimeline(folder)).toEqual([event, later]);
    // A disk that was full for a moment tears the line of a writer that lives on.
    appendFileSync(join(folder, 'timeline.jsonl'), '{"atMs":7,"stage":"see');
    const last = { ...event, atMs: 8, what: 'began', attempt: 2 };
    evidence.event(last);
    expect(readTimeline(folder)).toEqual([event, later, last]);
  });

  it('keeps each reading of each execution, with its quality', () => {
    const evidence = openEvidence(specOf([gate]));
    const results = [resultOf(gate, 1, 1_000), resultOf(gate, null, 2_000)];
    evidence.readings({ stage: 'soak', execution: 1 }, 'check', results);
    evidence.readings({ stage: 'soak', execution: 1 }, 'check', results);
    evidence.readings({ stage: 'soak', execution: 2 }, 'check', results.slice(0, 1));
    const kept = readReadings(evidence.folder);
    expect(kept.map(({ execution, reading }) => [execution, reading.atMs, reading.quality])).toEqual([
      [1, 1_000, 'measured'],
      [1, 2_000, 'unmeasured'],
      [2, 1_000, 'measured'],
    ]);
  });

  it('reads a reason of an earlier version by its present name', () => {
    const { folder } = openEvidence(specOf([gate]));
    const result = resultOf(gate, null, 1_000);
    const old = { stage: 'soak', execution: 1, ...result, reading: { ...result.reading, reason: 'ground-gap' } };
    appendFileSync(join(folder, 'readings.jsonl'), `${JSON.stringify(old)}\n`);
    expect(readReadings(folder).map(({ reading }) => reading.reason)).toEqual(['infrastructure-gap']);
  });

  it('keeps the reading of a gate at the end of an execution once', () => {
    const spec = specOf([gate]);
    openEvidence(spec).readings({ stage: 'soak', execution: 1 }, 'end', [resultOf(gate, 9, 1_000)]);
    const evidence = openEvidence(spec);
    evidence.readings({ stage: 'soak', execution: 1 }, 'end', [resultOf(gate, 1, 2_000)]);
    evidence.readings({ stage: 'soak', execution: 2 }, 'end', [resultOf(gate, 1, 3_000)]);
    const kept = readReadings(evidence.folder);
    expect(kept.map(({ execution, moment, reading }) => [execution, moment, reading.value])).toEqual([
      [1, 'end', 9],
      [2, 'end', 1],
    ]);
  });

  it('lists every file with its sum, and names what was changed, removed or added', async () => {
    const { folder } = openEvidence(specOf([gate]));
    openEvidence(specOf([gate])).event(event);
    writeFileSync(join(folder, 'logs', 'etcd.log'), 'one line\n');
    const files = await writeManifest(folder);
    expect(files.map(({ path }) => path)).toEqual(['logs/etcd.log', 'plan.json', 'spec.json', 'timeline.jsonl']);
    expect(files[0]).toMatchObject({
      bytes: 9,
      sha256: '3887c2cd3bec16420dc71507a74cf7f0a5effdd361f6d9cbe27b77831de8f65f',
    });
    expect(await manifestProblems(folder)).toEqual([]);

    // What is appended to may grow; nothing else may.
    openEvidence(specOf([gate])).event({ ...event, what: 'ended' });
    expect(await manifestProblems(folder)).toEqual([]);
    writeFileSync(join(folder, 'plan.json'), '{}');
    writeFileSync(join(folder, 'new.txt'), '');
    rmSync(join(folder, 'spec.json'));
    expect(await manifestProblems(folder)).toEqual([
      'plan.json was changed',
      'spec.json is missing',
      'new.txt is not listed',
    ]);
    writeFileSync(join(folder, 'timeline.jsonl'), '');
    expect(await manifestProblems(folder)).toContain('timeline.jsonl was changed');
    expect(existsSync(join(folder, 'MANIFEST.json'))).toBe(true);
  });

  it('lists nothing that is not finished, and stops when the caller does', async () => {
    const { folder } = openEvidence(specOf([gate]));
    mkdirSync(join(folder, 'prometheus', 'snapshot.tmp', '01ABC'), { recursive: true });
    writeFileSync(join(folder, 'prometheus', 'snapshot.tmp', '01ABC', 'index'), 'half');
    expect((await writeManifest(folder)).map(({ path }) => path)).toEqual(['plan.json', 'spec.json']);
    rmSync(join(folder, 'MANIFEST.json'));
    await expect(writeManifest(folder, AbortSignal.abort(new Error('out of time')))).rejects.toThrow('out of time');
    expect(existsSync(join(folder, 'MANIFEST.json'))).toBe(false);
  });
});
