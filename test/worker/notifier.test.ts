import type { Client } from '@temporalio/client';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Duty } from '../../src/adapters/host/duty.ts';
import { SentNotifications } from '../../src/adapters/notify/sent-notifications.ts';
import { webhookSetting } from '../../src/adapters/notify/webhook-setting.ts';
import type { ScheduleView } from '../../src/adapters/temporal/schedules.ts';
import type { WatchedWorkflow } from '../../src/core/campaign/watched-workflow.ts';
import { DUTY_STALE_MS, NOTIFY_CHECK_MS } from '../../src/core/plan/limits.ts';
import { Notifier } from '../../src/worker/notifier.ts';

let home: string;
let server: Server;
let received: string[];
let answers: number[];
const warned: string[] = [];
const log = { warn: (fields: object, message: string) => warned.push(`${JSON.stringify(fields)} ${message}`) };

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-notify-'));
  received = [];
  answers = [];
  warned.length = 0;
  server = createServer((request, answer) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const status = answers.shift() ?? 200;
      if (status === 200) received.push(body);
      const headers = { 302: { location: 'http://127.0.0.1:1/' }, 429: { 'retry-after': '60' } }[status];
      answer.writeHead(status, headers ?? {}).end('x');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  vi.stubEnv('BELAY_HOME', home);
  vi.stubEnv('BELAY_RUNS', join(home, 'runs'));
  vi.stubEnv('BELAY_TEMPORAL_UI', 'https://ui.example');
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example:7233');
  vi.stubEnv('BELAY_REPORT_URL', 'https://ci.example/belay');
  vi.stubEnv('BELAY_WEBHOOK_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  await new Promise((done) => server.close(done));
  rmSync(home, { recursive: true, force: true });
});

const client = {
  withDeadline: (_: number, work: () => unknown) => work(),
  workflow: {
    getHandle: () => ({
      query: () =>
        Promise.resolve({
          state: { hold: { stage: 'soak', openedAtMs: 0, failure: { message: 'p99 <over> *2* s' } } },
        }),
      result: () => Promise.resolve({ campaign: 'dev-50-1', reasons: ['podBindP99 = 3.1 s'] }),
    }),
  },
} as unknown as Client;

function workflow(runId: string, more: Partial<WatchedWorkflow> = {}): WatchedWorkflow {
  const named = { workflowId: 'dev-50-1', runId, kind: 'campaign', profile: 'dev-50', substrate: 'local' } as const;
  const state = { status: 'COMPLETED', stage: 'teardown', verdict: 'fail', trigger: 'cli' };
  return { ...named, ...state, startedAtMs: 0, closedAtMs: 60_000, ...more };
}

let lastDuty: Duty | undefined;

/** The duty of a worker that follows one which has ended. */
function nextDuty(): Duty {
  lastDuty?.release();
  lastDuty = new Duty('notifier');
  return lastDuty;
}

function notifier(duty = nextDuty()): Notifier {
  const setting = webhookSetting();
  if (setting === undefined) throw new Error('there is no webhook');
  duty.take();
  return new Notifier({ log, setting, sent: new SentNotifications(), isMine: () => duty.goesOn() });
}

/** What the file of the duty looks like when its holder has given no sign of life for too long. */
function frozen(): void {
  const at = new Date(Date.now() - DUTY_STALE_MS - 5_000);
  utimesSync(join(home, 'notifier.lock'), at, at);
}

const nothing = { client, workflows: [], schedules: [] };

test('a verdict is sent once, also by the next worker, with links; what was over before the first look is no news', async () => {
  const first = notifier();
  await first.notify({ ...nothing, workflows: [workflow('old')] });
  expect(received).toEqual([]);
  const workflows = [workflow('old'), workflow('new')];
  await first.notify({ ...nothing, workflows });
  await first.notify({ ...nothing, workflows });
  await notifier().notify({ ...nothing, workflows });
  expect(received.map((body) => JSON.parse(body) as unknown)).toEqual([
    {
      version: 1,
      id: 'dev-50-1',
      kind: 'campaign',
      profile: 'dev-50',
      substrate: 'local',
      event: 'verdict',
      at: '1970-01-01T00:01:00.000Z',
      verdict: 'fail',
      reason: 'podBindP99 = 3.1 s',
      links: {
        temporal: 'https://ui.example/namespaces/default/workflows/dev-50-1/new',
        report: 'https://ci.example/belay/runs/dev-50-1/report.html',
      },
    },
  ]);
});

test('a worker that was frozen sends nothing that its successor has sent, and drops nothing of what that one knows', async () => {
  const one = notifier();
  const paused = { id: 'night', paused: true, note: '' } as unknown as ScheduleView;
  const before = { ...nothing, workflows: [workflow('old')] };
  await one.notify(before);
  const due = { ...before, workflows: [workflow('old'), workflow('new')], schedules: [paused] };
  // Frozen after it has asked for the reason, and before it sends.
  const reason = Promise.withResolvers<unknown>();
  const slow = { workflow: { getHandle: () => ({ result: () => reason.promise }) } } as unknown as Client;
  const going = one.notify({ ...due, client: slow });
  frozen();
  const other = notifier(new Duty('notifier'));
  await other.notify(due);
  expect(received).toHaveLength(2);
  reason.resolve({});
  await going;
  expect(received).toHaveLength(2);
  // In a round before it notices, it drops nothing of what it has not sent.
  await one.notify({ ...due, schedules: [] });
  expect(received).toHaveLength(2);
  const stored = JSON.parse(readFileSync(join(home, 'notifications.json'), 'utf8')) as string[];
  expect(stored).toEqual(['verdict old', 'verdict new', 'paused night']);
});

test('a worker that was frozen while its successor came and went sends nothing again', async () => {
  const duty = nextDuty();
  const one = notifier(duty);
  await one.notify(nothing);
  const due = { ...nothing, workflows: [workflow('x'), workflow('y')] };
  const reason = Promise.withResolvers<unknown>();
  const slow = { workflow: { getHandle: () => ({ result: () => reason.promise }) } } as unknown as Client;
  const going = one.notify({ ...due, client: slow });
  frozen();
  const successor = new Duty('notifier');
  await notifier(successor).notify(due);
  successor.release();
  expect(received).toHaveLength(2);
  reason.resolve({});
  await going;
  await one.notify(due);
  // Its next look reads what was sent.
  expect(duty.take()).toBe('first');
  await notifier(duty).notify(due);
  expect(received).toHaveLength(2);
});

test('a worker that sends to a slow receiver gives signs of life', async () => {
  const one = notifier();
  await one.notify(nothing);
  frozen();
  await one.notify({ ...nothing, workflows: [workflow('new')] });
  expect(new Duty('notifier').take()).toBe('no');
  expect(received).toHaveLength(1);
});

test('a worker that ends while it sends, or waits to try again, sends with its last look', async () => {
  const one = notifier();
  await one.notify(nothing);
  const workflows = [workflow('cut'), workflow('refused')];
  answers = [503, 503];
  await one.notify({ ...nothing, workflows });
  const ending = new AbortController();
  one.within(ending.signal);
  const cut = one.notify({ ...nothing, workflows: [workflow('late')] });
  ending.abort();
  await cut;
  expect(received).toEqual([]);
  expect(warned).toHaveLength(2);
  one.within(new AbortController().signal);
  one.waitNoLonger();
  await one.notify({ ...nothing, workflows: [...workflows, workflow('late')] });
  expect(received).toHaveLength(3);
});

test('a rung has no verdict of its own: its ladder has; a fault of the harness and a cancel are named', async () => {
  const one = notifier();
  await one.notify(nothing);
  await one.notify({
    ...nothing,
    workflows: [
      workflow('rung', { trigger: 'ladder' }),
      workflow('broken', { status: 'FAILED', verdict: '' }),
      workflow('stopped', { status: 'CANCELLED', verdict: '', kind: 'ladder' }),
    ],
  });
  const verdicts = received.map((body) => (JSON.parse(body) as { verdict: string }).verdict);
  expect(verdicts).toEqual(['harness-fault', 'aborted']);
});

/** How Temporal shows each way to end, and the word for it. */
const ENDS = [
  ['COMPLETED', 'pass', 'pass'],
  ['COMPLETED', 'fail', 'fail'],
  ['COMPLETED', 'unmeasured', 'unmeasured'],
  // A workflow of an earlier version, or a verdict that the list does not show.
  ['COMPLETED', '', 'harness-fault'],
  ['FAILED', 'fail', 'harness-fault'],
  ['TIMED_OUT', '', 'harness-fault'],
  ['CANCELLED', 'pass', 'aborted'],
  ['TERMINATED', '', 'aborted'],
] as const;

test.each(ENDS)('a campaign and a climb that are %s with verdict "%s" are %s, in both formats', async (...end) => {
  const [status, verdict, word] = end;
  const isJudged = status === 'COMPLETED';
  const result = (): Promise<unknown> =>
    isJudged
      ? Promise.resolve({ campaign: 'dev-50-1', reasons: verdict === 'pass' ? [] : ['why it ended'] })
      : Promise.reject(new Error('Workflow execution failed', { cause: new Error('why it ended') }));
  const ended = { workflow: { getHandle: () => ({ result }) } } as unknown as Client;
  const workflows = [
    workflow('campaign', { status, verdict }),
    workflow('climb', { status, verdict, kind: 'ladder', workflowId: 'nightly', profile: '', substrate: '' }),
  ];
  const reason = word === 'pass' ? '' : 'why it ended';
  const one = notifier();
  await one.notify(nothing);
  await one.notify({ ...nothing, client: ended, workflows });
  expect(received.map((body) => JSON.parse(body) as unknown)).toMatchObject([
    { event: 'verdict', kind: 'campaign', id: 'dev-50-1', verdict: word, reason },
    { event: 'verdict', kind: 'ladder', id: 'nightly', verdict: word, reason },
  ]);
  vi.stubEnv('BELAY_WEBHOOK_FORMAT', 'slack');
  await notifier().notify({
    ...nothing,
    client: ended,
    workflows: workflows.map((each) => ({ ...each, runId: `${each.runId}-2` })),
  });
  const texts = received.slice(2).map((body) => (JSON.parse(body) as { readonly text: string }).text.split('\n'));
  expect(texts.map((lines) => lines.slice(0, -1))).toEqual(
    [`*campaign dev-50-1: ${word.toUpperCase()}* (dev-50 on local)`, `*ladder nightly: ${word.toUpperCase()}*`].map(
      (first) => (reason === '' ? [first] : [first, reason]),
    ),
  );
  expect(texts.map((lines) => lines.at(-1))).toEqual([
    // What did not complete was not judged: there is no report of it.
    expect.stringMatching(isJudged ? /^<https:.*\|report> · <https:[^|]*\|Temporal>$/ : /^<https:[^|]*\|Temporal>$/),
    expect.stringMatching(/^<https:[^|]*\|Temporal>$/),
  ]);
});

/** A run folder of this host. */
function storedFolder(name: string, runId: string, { hasReport }: { readonly hasReport: boolean }): void {
  const folder = join(home, 'runs', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spec.json'), JSON.stringify({ runId }));
  if (hasReport) writeFileSync(join(folder, 'report.html'), '<!doctype html>');
}

const FIRST_RUN = '11111111-aaaa';
const SECOND_RUN = '22222222-bbbb';

test.each([
  { what: 'completed, with a report', runId: FIRST_RUN, folder: 'dev-50-1', hasReport: true, report: 'dev-50-1' },
  { what: 'completed, and the report could not be written', runId: FIRST_RUN, folder: 'dev-50-1', hasReport: false },
  {
    what: 'the second of its name',
    runId: SECOND_RUN,
    folder: 'dev-50-1-22222222',
    hasReport: true,
    report: 'dev-50-1-22222222',
  },
  {
    what: 'failed after it was judged',
    runId: FIRST_RUN,
    status: 'FAILED',
    folder: 'dev-50-1',
    hasReport: true,
    report: 'dev-50-1',
  },
  { what: 'terminated, after an earlier one of its name', runId: SECOND_RUN, status: 'TERMINATED', hasReport: false },
  {
    what: 'holding, after a retry of a judged one',
    runId: FIRST_RUN,
    status: 'RUNNING',
    folder: 'dev-50-1',
    hasReport: true,
  },
] as const)('the report of a campaign that is $what is linked where it was written', async (one) => {
  const { runId, hasReport } = one;
  const status = 'status' in one ? one.status : 'COMPLETED';
  // That of another run of the same name.
  if (runId === SECOND_RUN) storedFolder('dev-50-1', FIRST_RUN, { hasReport: true });
  if ('folder' in one) storedFolder(one.folder, runId, { hasReport });
  const holds = status === 'RUNNING';
  const result = (): Promise<unknown> =>
    status === 'COMPLETED' ? Promise.resolve({ campaign: 'dev-50-1' }) : Promise.reject(new Error('it failed'));
  const { getHandle } = client.workflow as unknown as { readonly getHandle: () => object };
  const ended = {
    withDeadline: (_: number, work: () => unknown) => work(),
    workflow: { getHandle: () => ({ ...getHandle(), result }) },
  } as unknown as Client;
  const sender = notifier();
  await sender.notify(nothing);
  await sender.notify({
    ...nothing,
    client: ended,
    workflows: [workflow(runId, { status, ...(holds ? { stage: 'hold', closedAtMs: undefined } : {}) })],
  });
  const { links } = JSON.parse(received[0] ?? '{}') as { readonly links?: unknown };
  expect(links).toEqual({
    temporal: `https://ui.example/namespaces/default/workflows/dev-50-1/${runId}`,
    ...('report' in one ? { report: `https://ci.example/belay/runs/${one.report}/report.html` } : {}),
  });
});

test('holds and paused schedules are sent again only when they happen again, in the format of Slack, with every sign escaped', async () => {
  vi.stubEnv('BELAY_WEBHOOK_FORMAT', 'slack');
  const one = notifier();
  await one.notify(nothing);
  const holding = workflow('r', { status: 'RUNNING', stage: 'hold', verdict: '', closedAtMs: undefined });
  const schedule = { id: 'belay-nightly', paused: true, note: 'a <fault> & more' } as ScheduleView;
  const seen = { client, workflows: [holding], schedules: [schedule] };
  await one.notify(seen);
  await one.notify(seen);
  expect(received).toHaveLength(2);
  const [hold = '', paused = ''] = received.map((body) => (JSON.parse(body) as { text: string }).text);
  expect(hold).toContain(
    '*campaign dev-50-1 holds and waits for a decision* (dev-50 on local)\nsoak: p99 &lt;over&gt; *\u200B2*\u200B s',
  );
  expect(hold).toMatch(/\n<https:\/\/ui\.example\/namespaces\/default\/workflows\/dev-50-1\/r\|Temporal>$/);
  expect(paused).toBe(
    '*schedule belay-nightly is paused*\na &lt;fault&gt; &amp; more\n' +
      '<https://ui.example/namespaces/default/schedules/belay-nightly|Temporal>',
  );
  await one.notify(nothing);
  await one.notify(seen);
  expect(received).toHaveLength(4);
});

test('a hold and a paused schedule are whole notifications in the generic format, too', async () => {
  const one = notifier();
  await one.notify(nothing);
  const holding = workflow('r', { status: 'RUNNING', stage: 'hold', verdict: '', closedAtMs: undefined });
  const schedule = { id: 'belay-nightly', paused: true, note: 'a <fault> & more' } as ScheduleView;
  await one.notify({ client, workflows: [holding], schedules: [schedule] });
  expect(received.map((body) => JSON.parse(body) as unknown)).toEqual([
    {
      version: 1,
      event: 'hold',
      at: '1970-01-01T00:00:00.000Z',
      id: 'dev-50-1',
      kind: 'campaign',
      profile: 'dev-50',
      substrate: 'local',
      verdict: '',
      reason: 'soak: p99 <over> *2* s',
      links: { temporal: 'https://ui.example/namespaces/default/workflows/dev-50-1/r' },
    },
    {
      version: 1,
      event: 'schedule-paused',
      at: expect.stringMatching(/^20.*Z$/) as string,
      id: 'belay-nightly',
      kind: 'schedule',
      profile: '',
      substrate: '',
      verdict: '',
      reason: 'a <fault> & more',
      links: { temporal: 'https://ui.example/namespaces/default/schedules/belay-nightly' },
    },
  ]);
});

test('a webhook that fails is tried again, more and more rarely; no log has its address', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const one = notifier();
  await one.notify(nothing);
  const seen = { ...nothing, workflows: [workflow('new')] };
  answers = [500, 302];
  for (const _ of [1, 2, 3]) await one.notify(seen);
  expect(warned).toHaveLength(1);
  vi.advanceTimersByTime(2 * NOTIFY_CHECK_MS);
  await one.notify(seen);
  expect(warned).toHaveLength(2);
  vi.advanceTimersByTime(2 * NOTIFY_CHECK_MS);
  await one.notify(seen);
  expect(received).toEqual([]);
  vi.advanceTimersByTime(2 * NOTIFY_CHECK_MS);
  await one.notify(seen);
  expect(received).toHaveLength(1);
  vi.stubEnv('BELAY_WEBHOOK_URL', 'http://127.0.0.1:1/hook?token=secret');
  await notifier().notify({ ...nothing, workflows: [workflow('later')] });
  expect(warned.at(-1)).toContain('the webhook cannot be reached: ECONNREFUSED');
  expect(`${warned.join('\n')}${readFileSync(join(home, 'notifications.json'), 'utf8')}`).not.toMatch(/secret|hook\?/);
});

test('a webhook that asks for a pause gets one, for all that is due', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const one = notifier();
  await one.notify(nothing);
  const seen = { ...nothing, workflows: [workflow('a'), workflow('b')] };
  answers = [429];
  await one.notify(seen);
  expect(received).toHaveLength(0);
  vi.advanceTimersByTime(59_000);
  await one.notify(seen);
  expect([received, warned]).toEqual([[], [expect.stringMatching(/the webhook answered 429$/)]]);
  vi.advanceTimersByTime(1_000);
  await one.notify(seen);
  expect(received).toHaveLength(2);
});

test.each([
  ['BELAY_WEBHOOK_URL', 'file:///etc/passwd?secret', 'BELAY_WEBHOOK_URL: allowed is http'],
  ['BELAY_WEBHOOK_FORMAT', 'xml', 'BELAY_WEBHOOK_FORMAT: found "xml"; allowed: json, slack'],
])('%s=%s is refused', (name, value, message) => {
  vi.stubEnv(name, value);
  expect(() => webhookSetting()).toThrow(message);
  expect(() => webhookSetting()).not.toThrow('secret');
});
