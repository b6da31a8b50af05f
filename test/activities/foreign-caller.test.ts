import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivities } from '../../src/activities/all.ts';
import { openEvidence } from '../../src/adapters/evidence/evidence-folder.ts';
import { runFolder } from '../../src/adapters/host/folders.ts';
import { campaignFolder, writeLedger } from '../../src/adapters/host/ledger.ts';
import type { Observers } from '../../src/adapters/observe/observers.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { stateAfter } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aSpec, QUEUES } from '../workflows/make-spec.ts';
import { anAttempt, CALLER } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { storedInput } from './stored-input.ts';

/** A workflow that knows all names of another one's campaign, and schedules every activity of a worker with them. */

type Activities = ReturnType<typeof createActivities>;
type Run = (argument: unknown) => Promise<unknown>;

const EVIL = { workflowId: 'evil', runId: 'run' };
const NAMES = { campaign: CALLER.workflowId, slug: 'bsteps', ...CALLER, specHash: 'first-hash-of-the-spec' };
const START = { input: { profile: 'quickstart' }, ...CALLER, scheduled: false, child: false };
const LINE = { rung: 'r', profile: 'p', substrate: 's', workflowId: 'w', end: 'pass' };
const stage = { execution: 1, group: 'g0' };
const soak = { ...stage, startAtMs: 1 };

/** The activities that work for their own workflow only: an argument, and the field of it that names another one's. */
const OWN: Readonly<Partial<Record<keyof Activities, readonly [argument: object, field: string]>>> = {
  resolve: [START, 'workflowId'],
  respec: [{ ...NAMES, set: {} }, 'campaign "campaign"'],
  place: [{ ...NAMES, group: 'g0', firstCluster: 0, wanted: 1, expiresAtMs: 1e13 }, 'workflowId'],
  provision: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  install: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  seed: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  ramp: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  steady: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  soak: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  drive: [{ ...NAMES, ...soak }, 'campaign "campaign"'],
  watch: [{ ...NAMES, ...soak, groups: [] }, 'campaign "campaign"'],
  snapshot: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  judge: [{ ...NAMES, ...stage, state: stateAfter([]) }, 'campaign "campaign"'],
  teardown: [{ ...NAMES, ...stage }, 'campaign "campaign"'],
  resolveLadder: [START, 'workflowId'],
  writeClimb: [
    { spec: { folder: CALLER.workflowId }, result: { ladder: 'night', end: 'pass', rungs: [LINE] } },
    'summary of a climb: spec: folder',
  ],
};

/** The activities that work on nothing of a campaign, or for every user of the namespace, as docs/security.md says. */
const OF_ALL: readonly (keyof Activities)[] = ['lookAtComparison', 'findHosts', 'sweepHost', 'keepOnHost'];

let home: TestHome;
let spec: CampaignSpec;
let activities: Activities;

beforeEach(() => {
  home = testHome();
  spec = { ...aSpec(), ...specOf({ clusters: 1 }), ...NAMES, hostQueue: QUEUES.host };
  storedInput(spec, 'seed');
  writeLedger({ ...NAMES, createdAtMs: 1, expiresAtMs: 1e13, clusters: [], processes: [] });
  openEvidence(spec).event({ atMs: 1, stage: 'seed', execution: 1, attempt: 1, what: 'began', detail: '' });
  const observers = new Proxy({}, { get: () => () => Promise.resolve() }) as Observers;
  activities = createActivities({ log: pino({ level: 'silent' }), metricsPort: 1, observers });
});
afterEach(() => home.close());

test('every activity of a worker is in one of the two lists', () => {
  expect([...Object.keys(OWN), ...OF_ALL].toSorted()).toEqual(Object.keys(activities).toSorted());
});

test.for(Object.entries(OWN))('%s does nothing for another workflow', async ([name, [argument, field]]) => {
  const before = filesHere();
  const run = activities[name as keyof Activities] as Run;
  for (const caller of [EVIL, { ...EVIL, workflowId: 'Campaign' }]) {
    const { workflowId } = caller;
    const ended = await failureOf(run, argument, caller);
    expect(ended).toMatchObject({ type: 'InvalidSpec', nonRetryable: true });
    expect((ended as Error).message).toBe(
      name === 'writeClimb'
        ? `${field}: found "campaign"; allowed: "${workflowId}"`
        : `${field}: found workflow "${workflowId}" as the caller; allowed: workflow "campaign", to which it belongs`,
    );
  }
  expect(filesHere()).toEqual(before);
});

test.for<keyof Activities>(['respec', 'snapshot', 'judge', 'teardown', 'writeClimb'])(
  '%s goes on for its own workflow after a reset',
  async (name) => {
    const [argument = {}] = OWN[name] ?? [];
    const ended = await failureOf(activities[name] as Run, argument, { ...CALLER, runId: 'reset' });
    // The specification of this test is not what a profile's file gives.
    if (name === 'respec') expect((ended as Error).message).not.toContain('caller');
    else expect(ended).toBeUndefined();
  },
);

test('teardown and a stage of a group whose specification is gone do nothing for another workflow either', async () => {
  const leadAddress = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: '' };
  const group = { name: 'g1', firstCluster: 0, clusterCount: 1, lead: false, leadAddress };
  writeLedger({ ...NAMES, createdAtMs: 1, expiresAtMs: 1e13, clusters: [], processes: [], group });
  const before = filesHere();
  for (const name of ['teardown', 'seed'] as const)
    expect(
      await failureOf(activities[name] as Run, { ...NAMES, ...stage, group: 'g1', specHash: 'other' }, EVIL),
    ).toMatchObject({ message: expect.stringContaining('found workflow "evil" as the caller') as string });
  expect(filesHere()).toEqual(before);
});

/** Runs an activity as one that a workflow has scheduled. @returns how it failed */
async function failureOf(run: Run, argument: unknown, caller: typeof EVIL): Promise<unknown> {
  const env = anAttempt(1, { workflowExecution: caller });
  return await env.run(run, argument).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** What is in the folders of the campaign. */
function filesHere(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [runFolder(NAMES.campaign), campaignFolder(NAMES.slug)].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path, readFileSync(path, 'utf8')]),
    ),
  );
}
