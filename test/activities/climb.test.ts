import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClimb } from '../../src/activities/climb.ts';
import { createResolve } from '../../src/activities/resolve.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { rungInput, type LadderSpec } from '../../src/core/campaign/climb.ts';
import { aRoom } from '../core/plan/make.ts';
import { anAttempt } from './an-attempt.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-climb-'));
  vi.stubEnv('BELAY_RUNS', join(folder, 'runs'));
  vi.stubEnv('BELAY_PATH', folder);
  for (const name of ['profiles', 'ladders']) mkdirSync(join(folder, name));
  cpSync(join(repositoryFolder, 'profiles', 'archetypes'), join(folder, 'profiles', 'archetypes'), { recursive: true });
  const quickstart = readFileSync(join(repositoryFolder, 'profiles', 'quickstart.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'profiles', 'patient.yaml'),
    `${quickstart.replace('name: quickstart', 'name: patient')}hold: 45m\n`,
  );
  writeFileSync(join(folder, 'ladders', 'one.yaml'), LADDER);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const LADDER = `apiVersion: belay.dev/v1
kind: Ladder
metadata: { name: one, description: a rung whose profile holds }
rungs:
  - { profile: patient, substrate: local }
`;

test.for<[string, unknown, number]>([
  ['with hold 0 holds no rung', { ladder: 'one', hold: 0 }, 0],
  ['with a hold holds its rungs as long', { ladder: 'one', hold: '90s' }, 90_000],
  ["without a hold takes that of a rung's profile", 'one', 2_700_000],
])('a climb %s', async ([, input, holdMs]) => {
  const startedBy = { trigger: 'cli', defaultHoldMs: 600_000 };
  const ladder = await resolved(input);
  const [rung] = ladder.rungs;
  if (rung === undefined) throw new Error('no rung');
  const campaign = await createResolve({
    caller: () => ({ workflowId: 'l.1', runId: 'r' }),
    hostRoom: () => aRoom({ cores: 2, memoryBytes: 24e9 }),
    capacity: () => 1,
    freeCapacity: () => 1,
    hasFleetSecret: () => false,
  }).resolve({
    input: rungInput(rung, ladder),
    workflowId: 'l.1',
    runId: 'r',
    scheduled: false,
    child: true,
    startedBy: { ...startedBy, trigger: 'ladder' },
  });
  expect(campaign.holdMs).toBe(holdMs);
});

test.for<[string, string, unknown, boolean | undefined]>([
  ['as its file says', 'runAgain: true\n', 'one', true],
  ['as its input says', '', { ladder: 'one', runAgain: true }, true],
  ['not, if its input says so', 'runAgain: true\n', { ladder: 'one', runAgain: false }, undefined],
  ['not, if nothing says so', '', 'one', undefined],
])('a climb runs flagged rungs again %s', async ([, more, input, expected]) => {
  writeFileSync(join(folder, 'ladders', 'one.yaml'), LADDER + more);
  expect((await resolved(input)).runAgain).toBe(expected);
});

test('a climb has the clusters of its second runs, rung by rung', async () => {
  const [first, second] = ['a', 'b'].map((digit) => ({ record: digit.repeat(32), clusters: [] }));
  const { rungs } = await resolved({ ladder: 'one', targets: [first], targetsAgain: [second], runAgain: true });
  expect(rungs).toMatchObject([{ targets: first, targetsAgain: second }]);
  await expect(resolved({ ladder: 'one', targetsAgain: [second, second] })).rejects.toThrow(
    'ladder one: 1 rungs here, 2 where the climb was started',
  );
});

async function resolved(input: unknown): Promise<LadderSpec> {
  const startedBy = { trigger: 'cli', defaultHoldMs: 600_000 };
  const request = { input, workflowId: 'l', scheduled: false, startedBy };
  const env = anAttempt(1, { workflowExecution: { workflowId: 'l', runId: 'r' } });
  return await env.run((asked: typeof request) => createClimb().resolveLadder(asked), request);
}
