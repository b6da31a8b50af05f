import { expectedMs } from '../model/expected-time.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { checkGate, Raw } from './rules.ts';
import type { Finding } from '../files/issues.ts';
import { DRIVER_EVENTS, intoSoak, isDrop, soakSecondsOf } from '../bigfleet/format/load-times.ts';

/**
 * What contradicts itself in a profile. `upstream`: the file is BigFleet's; what its runner takes with a warning or
 * passes over is told as a notice instead (see `upstreamNotices`).
 */
export function profileContradictions(root: unknown, upstream: boolean): readonly Finding[] {
  const raw = new Raw(root);
  for (const name of raw.keys('gates')) checkGate(raw, ['gates', name], false);
  checkSeed(raw);
  checkCostRouting(raw);
  checkSoak(raw, upstream);
  checkBudget(raw, upstream);
  return raw.findings;
}

function checkSeed(raw: Raw): void {
  const multiplier = raw.number('seed', 'speculativeMultiplier') ?? 0;
  const absolute = raw.number('seed', 'speculativeCount') ?? 0;
  if (multiplier > 0 && absolute > 0) {
    raw.refuse(
      ['seed', 'speculativeCount'],
      'together with speculativeMultiplier',
      'one of the two, the other absent or 0',
    );
  }
}

/** Upstream's own rules for `expectCostRouting`, reference §3. */
function checkCostRouting(raw: Raw): void {
  if (!raw.is('slo', 'expectCostRouting')) return;
  const why = 'where slo.expectCostRouting is true';
  if ((raw.number('seed', 'spotCount') ?? 0) <= 0)
    raw.refuse(['seed', 'spotCount'], `no Spot tier ${why}`, '1 or more');
  const elastic =
    (raw.number('seed', 'speculativeCount') ?? 0) > 0 || (raw.number('seed', 'speculativeMultiplier') ?? 0) > 0;
  if (!elastic)
    raw.refuse(['seed', 'speculativeCount'], `no elastic tier ${why}`, '1 or more, or a speculativeMultiplier');
  const tolerant = raw.text('slo', 'costRoutingTolerantPenaltyBucket') ?? '';
  const sensitive = raw.text('slo', 'costRoutingSensitivePenaltyBucket') ?? '';
  if (tolerant === '') raw.refuse(['slo', 'costRoutingTolerantPenaltyBucket'], `empty ${why}`, 'the label of a bucket');
  if (sensitive === '')
    raw.refuse(['slo', 'costRoutingSensitivePenaltyBucket'], `empty ${why}`, 'the label of a bucket');
  if (tolerant !== '' && tolerant === sensitive) {
    raw.refuse(
      ['slo', 'costRoutingSensitivePenaltyBucket'],
      'the same as costRoutingTolerantPenaltyBucket',
      'two different buckets',
    );
  }
}

function checkSoak(raw: Raw, upstream: boolean): void {
  const soak = raw.has('loadProfile', 'soakSeconds') ? raw.number('loadProfile', 'soakSeconds') : 0;
  if (soak !== undefined) checkWithinSoak(raw, soakSecondsOf(soak, upstream), upstream);
  // Upstream's runner looks at none of its driver's times; the plan does, before anything is run.
  if (upstream) return;
  for (const index of raw.list('loadProfile', 'scaleDowns').keys()) {
    const path = ['loadProfile', 'scaleDowns', index, 'targetMultiplier'];
    if (!isDrop(raw.number(...path) ?? 0.5)) raw.refuse(path, 'no drop', 'more than 0 and less than 1');
  }
}

function checkWithinSoak(raw: Raw, soak: number, upstream: boolean): void {
  const settle = raw.number('loadProfile', 'settleSeconds') ?? 0;
  if (!upstream && settle > 0 && settle >= soak) {
    raw.refuse(
      ['loadProfile', 'settleSeconds'],
      `not before the end of the soak (${soak} s): no window would be left`,
      `less than ${soak}`,
    );
  }
  for (const index of raw.list('runnerActions').keys()) {
    const at = raw.number('runnerActions', index, 'atSeconds');
    if (at !== undefined && at >= soak) {
      raw.refuse(
        ['runnerActions', index, 'atSeconds'],
        `not before the end of the soak (${soak} s)`,
        `less than loadProfile.soakSeconds`,
      );
    }
  }
}

/** What upstream's driver does at a moment of its own, without what it passes over. */
function driverEvents(
  raw: Raw,
): readonly { readonly path: readonly (string | number)[]; readonly at: number; readonly lasts: number }[] {
  return DRIVER_EVENTS.flatMap((list) =>
    [...raw.list('loadProfile', list).keys()].flatMap((index) => {
      const at = raw.number('loadProfile', list, index, 'atSeconds');
      const multiplier = raw.number('loadProfile', list, index, 'targetMultiplier');
      if (at === undefined || (list === 'scaleDowns' && !isDrop(multiplier ?? 0))) return [];
      // Only a burst ends by itself, and one of 0 seconds does not.
      const lasts = raw.number('loadProfile', list, index, 'durationSeconds') || Infinity;
      return [{ path: ['loadProfile', list, index, 'atSeconds'], at, lasts }];
    }),
  );
}

/** What the run is expected to take counts; how long it may take at most (`rampBudget`, `deadlines`, `hold`) does not. */
function checkBudget(raw: Raw, upstream: boolean): void {
  const budget = parseDuration(raw.text('budget', 'wallClock') ?? '0s') ?? 0;
  if (budget === 0) return;
  const ramp = raw.number('loadProfile', 'rampSeconds') ?? 0;
  const soak = soakSecondsOf(raw.number('loadProfile', 'soakSeconds') ?? 0, upstream);
  const needed = expectedMs(ramp, soak);
  if (needed <= budget) return;
  const parts = `ramp ${formatDuration(ramp * 1_000)}, soak ${formatDuration(soak * 1_000)} and teardown`;
  raw.refuse(
    ['budget', 'wallClock'],
    `shorter than the campaign is expected to take, ${formatDuration(needed)}: ${parts}; limits (rampBudget, deadlines, hold) are not counted`,
    `${formatDuration(needed)} or more`,
  );
}

/** A notice before it has a place. */
export interface Remark {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What upstream reads and does not act on, or acts on in its own way, as notices for files of its version. */
export function upstreamNotices(root: unknown): readonly Remark[] {
  const raw = new Raw(root);
  const remarks: Remark[] = [];
  if (raw.has('slo', 'internalBindingLatencyP99Seconds')) {
    remarks.push({
      path: ['slo', 'internalBindingLatencyP99Seconds'],
      message: 'has no effect: upstream retired this bar; the value is reported and never judged',
    });
  }
  const written = raw.number('loadProfile', 'soakSeconds') ?? 0;
  const soak = soakSecondsOf(written, true);
  if (written === 0) {
    remarks.push({
      path: ['loadProfile', 'soakSeconds'],
      message: `is 0 or not there: the soak lasts ${soak / 60} minutes then, as upstream`,
    });
  }
  const settle = raw.number('loadProfile', 'settleSeconds') ?? 0;
  if (settle > 0 && settle >= soak) {
    remarks.push({
      path: ['loadProfile', 'settleSeconds'],
      message: `has no effect: it is not before the end of the soak (${soak} s), so the start of the soak is used, as upstream`,
    });
  }
  for (const index of raw.list('loadProfile', 'scaleDowns').keys()) {
    const path = ['loadProfile', 'scaleDowns', index, 'targetMultiplier'] as const;
    if (!isDrop(raw.number(...path) ?? 0.5)) {
      remarks.push({
        path,
        message: 'has no effect: upstream only takes a drop between 0 and 1, others are passed over',
      });
    }
  }
  const ramp = raw.number('loadProfile', 'rampSeconds') ?? 0;
  for (const { path, at, lasts } of driverEvents(raw)) {
    const origin = `counts from the start of the driver, as upstream, before the ramp of ${ramp} s`;
    const intoIt = intoSoak(at, ramp);
    remarks.push({ path, message: `${origin}${whatComesOf(intoIt, intoIt + lasts, soak)}` });
  }
  return remarks;
}

/** What of an event happens, which begins and ends these seconds into the soak. */
function whatComesOf(beginsAt: number, endsAt: number, soak: number): string {
  if (beginsAt >= soak) return `, and comes after the end of the soak of ${soak} s: it never happens`;
  if (beginsAt >= 0) return `: this happens ${beginsAt} s into the soak`;
  return endsAt > 0 ? ', and lies in it: this happens as the soak begins' : ', and is over within it: it never happens';
}
