import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ClimbResult } from '../../src/core/campaign/climb.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import { momentOf, recordOf, untilStatus } from './campaign-record.ts';
import { namesIn } from './leftovers.ts';
import { addProfile, BROKEN_GATE } from './small-profile.ts';

/** Rung 1 is green, rung 2 red, so that rung 3 never starts. */
const CLIMBED = [{ end: 'pass' }, { end: 'fail' }, { end: 'not-started', durationMs: 0 }];

/** Half a day away, so that the Schedule starts no ladder by itself while this test runs, at any time of the day. */
const HOUR = (new Date().getUTCHours() + 12) % 24;
const AT = `${String(HOUR).padStart(2, '0')}:30`;

test('a ladder stops at its red rung, climbed by hand and by a Schedule; a broken harness pauses the Schedule', async () => {
  await withBelay(async (belay) => {
    addLadder(belay);
    const up = await belay.run(['up']);
    expect(up.exitCode, up.stderr).toBe(0);
    expect(up.stdout).toMatch(/a ladder +http.*ladder/);
    const say = async (args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await belay.run(args);
      expect(exitCode, stdout + stderr).toBe(0);
      return stdout;
    };
    expect((await belay.run(['schedule', 'trigger', 'three'])).stderr).toMatch(/ladder "three" has no schedule/);
    expect(await say(['schedule', 'apply', 'three'])).toMatch(
      new RegExp(String.raw`^belay-three created: ${AT} .*; next \d{4}-\d\d-\d\d ${AT} UTC`),
    );
    expect(await say(['schedule', 'apply', `${belay.files}/ladders/three.yaml`])).toMatch(/^belay-three updated/);
    const climbing = belay.start(['climb', 'three', '--id', 'by-hand']);
    await say(['schedule', 'trigger', 'three']);
    await isStopped(belay, say);

    const climbed = await climbing.ended();
    expect(climbed.exitCode, climbed.stdout + climbed.stderr).toBe(1);
    expect(climbed.stdout).toMatch(/1-rung-a .*pass[^]*2-rung-b .*fail[^]*3-rung-c .*not-started/);
    // The table has the first reason of a rung. On a host without CPU that is the host, before the gate.
    expect(recordOf(belay, 'by-hand.2-rung-b').summary.reasons.join('\n')).toContain('noPods');
    expect(climbed.stdout).toMatch(/ladder {3}FAIL/);
    const summary = JSON.parse(readFileSync(join(belay.runs, 'by-hand', 'ladder.json'), 'utf8')) as ClimbResult;
    expect(summary).toMatchObject({ ladder: 'three', end: 'fail', rungs: CLIMBED });
    expect(namesIn(belay.runs)).not.toContain('by-hand.3-rung-c');
    const watched = await belay.run(['watch', 'by-hand']);
    expect(watched.exitCode, watched.stderr).toBe(1);
    expect(watched.stdout).toMatch(/2-rung-b .*fail[^]*ladder {3}FAIL/);
    expect((await belay.run(['abort', 'by-hand'])).stderr).toBe('by-hand has ended already\n');

    await belay.withClient(async (client) => {
      const id = await theScheduledOne(client, []);
      const result = (await client.workflow.getHandle(id).result()) as ClimbResult;
      expect(result).toMatchObject({ ladder: 'three', end: 'fail', rungs: CLIMBED });
      expect((await client.workflow.getHandle(id).describe()).status.name).toBe('COMPLETED');
      const shown = await say(['schedule', 'show', 'three']);
      expect(shown).toMatch(new RegExp(`^belay-three {3}${AT}.* on$`, 'm'));
      expect(shown).toMatch(new RegExp(String.raw`next {5}(\d{4}-\d\d-\d\d ${AT} UTC(, )?){5}`));
      expect(shown).toMatch(/skipped {2}0 [^]*missed {3}0 /);
      expect(shown).toContain(`fail  ${id}`);
      expect(await say(['schedule', 'list'])).toMatch(new RegExp(`belay-three .* on .*${AT} UTC`));

      // The same night with a harness that cannot make a cluster.
      await say(['down']);
      const broken = belay.write('elsewhere/kwokctl', '#!/bin/sh\necho "kwokctl: out of order" >&2\nexit 1\n');
      chmodSync(broken, 0o755);
      expect((await belay.run(['up'], { BELAY_TOOL_KWOKCTL: broken })).exitCode).toBe(0);
    });
    await belay.withClient(async (client) => {
      const [before] = await scheduled(client);
      await say(['schedule', 'trigger', 'three']);
      const id = await theScheduledOne(client, [before ?? '']);
      await expect(client.workflow.getHandle(id).result()).rejects.toThrow();
      expect((await client.workflow.getHandle(id).describe()).status.name).toBe('FAILED');
      await untilPaused(client);
      expect(await say(['schedule', 'show', 'three'])).toMatch(/PAUSED: /);
      expect(await say(['schedule', 'list'])).toMatch(/belay-three .*paused: /);
      expect(namesIn(join(belay.home, 'campaigns'))).toEqual([]);
    });
    expect(await say(['schedule', 'resume', 'three'])).toMatch(/belay-three resumed; next /);
    expect(await say(['schedule', 'pause', 'three', '--note', 'away'])).toMatch(/belay-three paused/);
    expect(await say(['schedule', 'show', 'three'])).toMatch(/PAUSED: away/);
    expect(await say(['schedule', 'delete', 'three'])).toMatch(/belay-three deleted/);
    expect(await say(['schedule', 'list'])).toMatch(/No schedule yet/);
  });
});

/** A ladder that is aborted lets the rung that runs take itself down, and starts no other. */
async function isStopped(belay: Belay, say: (args: readonly string[]) => Promise<string>): Promise<void> {
  await say(['climb', 'three', '--id', 'stopped', '--detach']);
  await belay.withClient(async (client) => {
    await untilStatus(client, 'stopped.1-rung-a', ({ state }) => state.stage === 'provision');
    const second = await belay.run(['climb', 'three', '--id', 'stopped', '--detach']);
    expect(second.exitCode).toBe(64);
    expect(second.stderr).toMatch(/^--id stopped: a workflow with this id is running; .*watch stopped/m);
    expect((await belay.run(['retry', 'stopped'])).stderr).toMatch(/stopped is a ladder/);
    expect(await say(['abort', 'stopped'])).toMatch(/stopped: asked to stop/);
    await expect(client.workflow.getHandle('stopped').result()).rejects.toThrow();
    expect((await client.workflow.getHandle('stopped').describe()).status.name).toBe('CANCELLED');
  });
  const summary = JSON.parse(readFileSync(join(belay.runs, 'stopped', 'ladder.json'), 'utf8')) as ClimbResult;
  expect(summary).toMatchObject({
    end: 'aborted',
    rungs: [{ end: 'aborted' }, { end: 'not-started' }, { end: 'not-started' }],
  });
  momentOf(recordOf(belay, 'stopped.1-rung-a').timeline, { stage: 'teardown', what: 'ended' });
}

function addLadder(belay: Belay): void {
  addProfile(belay, { name: 'rung-a' });
  addProfile(belay, { name: 'rung-b', gates: { noPods: BROKEN_GATE } });
  addProfile(belay, { name: 'rung-c' });
  const text = stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Ladder',
    metadata: { name: 'three', description: 'green, red, and one that is never reached' },
    rungs: ['rung-a', 'rung-b', 'rung-c'].map((profile) => ({ profile })),
    schedule: { calendars: [{ hour: HOUR, minute: 30 }], timezone: 'UTC', catchup: '2h' },
  });
  belay.write('files/ladders/three.yaml', text);
}

/** Ladders that a Schedule started, newest first. */
async function scheduled(client: Client): Promise<readonly string[]> {
  const ids: string[] = [];
  const query = "WorkflowType = 'ladder' AND TemporalScheduledById = 'belay-three'";
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

async function theScheduledOne(client: Client, known: readonly string[]): Promise<string> {
  for (const untilMs = Date.now() + 30_000; ;) {
    const found = (await scheduled(client)).find((id) => !known.includes(id));
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error('the Schedule started no ladder');
    await sleep(100);
  }
}

async function untilPaused(client: Client): Promise<void> {
  for (const untilMs = Date.now() + 30_000; ;) {
    if ((await client.schedule.getHandle('belay-three').describe()).state.paused) return;
    if (Date.now() > untilMs) throw new Error('the schedule was not paused');
    await sleep(100);
  }
}
