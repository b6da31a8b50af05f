import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { allAtOnce } from '../../src/adapters/host/at-once.ts';
import { readInfrastructureEvents } from '../../src/adapters/host/infrastructure-events.ts';
import { randomStream } from '../../src/core/plan/random.ts';
import type { InfrastructureEvent } from '../../src/core/gates/infrastructure.ts';
import type { Ended } from '../e2e/belay-process.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { recordOf, specOf, type CampaignRecord } from '../e2e/campaign-record.ts';
import { addProfile } from '../e2e/small-profile.ts';
import { troublePrometheus, type TroubledPrometheus, type TroubleOf } from './troubled-prometheus.ts';
import { kill, prometheusOf, soakEndOf, untilEvent, untilMeasured, untilMoment } from './victims.ts';

const SOAK_SECONDS = 24;
const QUERY_SECONDS = 1;
/** Longer than the budget of a query. */
const LATE_MS = 5_000;
const FROZEN_MS = 10_000;
/** How long before the end of the soak the trouble with single gates is over. */
const HEALED_BEFORE_END_MS = 2_500;
const SEED = 20_261_129;

/** Each causes trouble in the soak of the campaign of its name, and returns when that is over. */
const TROUBLES = { killed, frozen, someLate, singleGates, fewWrong } satisfies Record<
  string,
  (belay: Belay, campaign: string) => Promise<TroubledPrometheus | undefined>
>;
type Name = keyof typeof TROUBLES;

/** Each has a cluster and a Prometheus of its own. */
const AT_ONCE = 2;

interface Campaign extends Ended, CampaignRecord {
  readonly events: readonly InfrastructureEvent[];
  readonly troubled: TroubledPrometheus['troubled'] | undefined;
}

const campaigns = new Map<Name, Campaign>();

beforeAll(async () => {
  await withBelay(async (belay) => {
    expect((await belay.run(['up'])).exitCode).toBe(0);
    const { signal } = new AbortController();
    await allAtOnce(Object.keys(TROUBLES) as Name[], { atOnce: AT_ONCE, signal }, async (name) => {
      addProfile(belay, {
        name,
        soakSeconds: SOAK_SECONDS,
        deadlines: { query: `${QUERY_SECONDS}s` },
        more: { loadProfile: { rampSeconds: 3, soakSeconds: SOAK_SECONDS, churnPerMinute: 10 } },
      });
      const running = belay.start(['run', name, '--id', name]);
      const proxy = await TROUBLES[name](belay, name);
      const ended = await running.ended();
      await proxy?.close();
      const events = readInfrastructureEvents(name).filter(({ component }) => component === 'prometheus');
      campaigns.set(name, { ...ended, ...recordOf(belay, name), events, troubled: proxy?.troubled });
    });
  });
});

test('killed in the soak: it is started again, and no reading reaches across the gap', () => {
  const { events } = unmeasured('killed', /infrastructure-gap\): prometheus was gone for [\d.]+ s within the window$/);
  expect(events.map(({ what }) => what)).toEqual(['died', 'restarted']);
  expect(valuesOf('killed')).toEqual([]);
});

test('frozen in the soak: the checks end at their budgets, and no reading reaches across the gap', () => {
  const { events } = unmeasured(
    'frozen',
    /infrastructure-gap\): prometheus was gone for \d{2}(\.\d)? s within the window$/,
  );
  expect(events.map(({ what }) => what)).toEqual(['frozen', 'resumed']);
  expect(valuesOf('frozen')).toEqual([]);
});

test('too late with a third of the answers, to the end: unmeasured, and the reason is the answer that did not come', () => {
  const { troubled } = unmeasured('someLate', /no answer from http:\S+ within 1000 ms/);
  expect(troubled?.late).toBeGreaterThan(10);
});

test('late, endless and wrong for single gates until shortly before the end: those miss their checks, the others pass', () => {
  const { summary, troubled } = unmeasured('singleGates', /checks-missed/);
  expect(troubled).toEqual({ late: expect.any(Number), endless: expect.any(Number), answer: expect.any(Number) });
  const missing = gatesOf('singleGates', 'unmeasured');
  expect(missing).toEqual(['apiserverMutatingP99', 'podBindP99', 'schedulerAttemptP99']);
  for (const name of missing) {
    const gate = summary.gates.find((each) => each.gate === name);
    expect(gate?.reading).toMatchObject({ reason: 'checks-missed', estimate: expect.any(Number) });
    expect(gate?.checks?.unmeasured).toBeGreaterThan(0);
    expect(gate?.checks?.cause).toBe('query-error');
  }
  expect(gatesOf('singleGates', 'pass')).toEqual(
    expect.arrayContaining(['podBindP50', 'podsBound', 'podsReady', 'podsUnschedulable', 'schedulerErrors']),
  );
});

test('wrong answers in a few checks: the checks that had them are counted, and the rest is enough', () => {
  const { exitCode, summary, stdout, stderr, troubled } = of('fewWrong');
  expect({ exitCode, verdict: summary.verdict, reasons: summary.reasons }, stdout + stderr).toEqual({
    exitCode: 0,
    verdict: 'pass',
    reasons: [],
  });
  expect(troubled?.answer).toBeGreaterThan(0);
  const checks = summary.gates.flatMap((gate) => gate.checks ?? []);
  expect(checks.length).toBeGreaterThan(0);
  for (const { unmeasured: count, measured } of checks) {
    expect(count).toBeGreaterThan(0);
    expect(measured).toBeGreaterThan(count);
  }
});

/** Kills it with several checks still due. */
async function killed(belay: Belay, campaign: string): Promise<undefined> {
  await untilMeasured(belay, campaign, 'schedulerAttemptP99');
  await kill(prometheusOf(belay, campaign));
}

async function frozen(belay: Belay, campaign: string): Promise<undefined> {
  await untilMeasured(belay, campaign, 'schedulerAttemptP99');
  const pid = prometheusOf(belay, campaign);
  process.kill(pid, 'SIGSTOP');
  await sleep(FROZEN_MS);
  process.kill(pid, 'SIGCONT');
}

async function someLate(belay: Belay, campaign: string): Promise<TroubledPrometheus> {
  const random = randomStream(SEED, campaign);
  const proxy = await troubled(belay, campaign, () => (random() < 1 / 3 ? { kind: 'late', ms: LATE_MS } : undefined));
  await untilEvent(belay, campaign, { stage: 'soak', what: 'ended' });
  proxy.heal();
  return proxy;
}

async function singleGates(belay: Belay, campaign: string): Promise<TroubledPrometheus> {
  const proxy = await troubled(belay, campaign, (query) => {
    if (query.includes('apiserver_request_sli_duration')) return { kind: 'late', ms: LATE_MS };
    if (query.includes('scheduler_scheduling_attempt_duration')) return { kind: 'endless' };
    // The other gate of this histogram is read at the end only.
    return query.includes('belay_pod_bind_seconds') ? wrong() : undefined;
  });
  await untilEvent(belay, campaign, { stage: 'soak', what: 'began' });
  await untilMoment(() => soakEndOf(belay, campaign) - HEALED_BEFORE_END_MS);
  proxy.heal();
  return proxy;
}

async function fewWrong(belay: Belay, campaign: string): Promise<TroubledPrometheus> {
  let isWrong = false;
  const proxy = await troubled(belay, campaign, () => (isWrong ? wrong() : undefined));
  await untilMeasured(belay, campaign, 'schedulerAttemptP99');
  isWrong = true;
  await sleep(2 * 2_000);
  proxy.heal();
  return proxy;
}

let wrongAnswers = 0;
/** A page of a proxy, an error, and an answer that is none, in turn. */
function wrong(): { readonly kind: 'answer'; readonly status: number; readonly body: string } {
  const answers = [
    { status: 200, body: '<html><body>login</body></html>' },
    { status: 500, body: 'internal error' },
    { status: 200, body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}' },
  ];
  return { kind: 'answer', ...(answers[wrongAnswers++ % answers.length] ?? { status: 500, body: '' }) };
}

/** A campaign whose soak asks through a proxy. */
async function troubled(belay: Belay, campaign: string, troubleOf: TroubleOf): Promise<TroubledPrometheus> {
  await untilEvent(belay, campaign, { stage: 'ramp', what: 'began' });
  return await troublePrometheus(specOf(belay, campaign).slug, troubleOf);
}

function of(name: Name): Campaign {
  return campaigns.get(name) ?? expect.fail(`${name} has not run`);
}

/** A campaign that ended unmeasured, with a first reason, and in which nothing failed. */
function unmeasured(name: Name, firstReason: RegExp): Campaign {
  const campaign = of(name);
  const { exitCode, summary, stdout, stderr } = campaign;
  expect({ exitCode, verdict: summary.verdict, ending: summary.ending }, stdout + stderr).toEqual({
    exitCode: 2,
    verdict: 'unmeasured',
    ending: 'completed',
  });
  expect(summary.breaches).toEqual([]);
  expect(gatesOf(name, 'fail')).toEqual([]);
  expect(summary.reasons[0]).toMatch(firstReason);
  return campaign;
}

/** Gates that count and have this verdict, by name. */
function gatesOf(name: Name, verdict: string): readonly string[] {
  return of(name)
    .summary.gates.filter((each) => each.counts !== false && each.verdict === verdict)
    .map((each) => each.gate)
    .sort();
}

/** Gates with a value, by name. */
function valuesOf(name: Name): readonly string[] {
  return of(name)
    .summary.gates.filter(({ reading }) => reading.value !== null)
    .map(({ gate }) => gate);
}
