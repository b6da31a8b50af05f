import { leastMs } from '../model/expected-time.ts';
import { formatDuration, parseDuration } from '../text/duration.ts';
import { RawDocument } from '../files/raw-document.ts';
import type { FileFormat } from '../model/file-format.ts';
import { lowersDemand } from '../model/scale-down.ts';
import { checkGate } from './rules.ts';
import type { Finding } from '../files/issues.ts';

/** Contradictions in a profile. What the format accepts with a notice is not an error. */
export function profileContradictions(root: unknown, format: FileFormat): readonly Finding[] {
  const raw = new RawDocument(root);
  for (const name of raw.keys('gates')) checkGate(raw, ['gates', name], false);
  checkSeed(raw);
  checkCostRouting(raw);
  checkSoak(raw, format);
  checkBudget(raw, format);
  return raw.findings;
}

function checkSeed(raw: RawDocument): void {
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

/** `slo.expectCostRouting` needs a Spot tier, an elastic tier, and two different penalty buckets. */
function checkCostRouting(raw: RawDocument): void {
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

function checkSoak(raw: RawDocument, format: FileFormat): void {
  const soak = raw.has('loadProfile', 'soakSeconds') ? raw.number('loadProfile', 'soakSeconds') : 0;
  if (soak !== undefined) checkWithinSoak(raw, format.soakSeconds(soak), format);
  if (format.ignoresInertLoad) return;
  for (const index of raw.list('loadProfile', 'scaleDowns').keys()) {
    const path = ['loadProfile', 'scaleDowns', index, 'targetMultiplier'];
    if (!lowersDemand(raw.number(...path) ?? 0.5)) raw.refuse(path, 'no drop', 'more than 0 and less than 1');
  }
}

function checkWithinSoak(raw: RawDocument, soak: number, { ignoresInertLoad }: FileFormat): void {
  const settle = raw.number('loadProfile', 'settleSeconds') ?? 0;
  if (!ignoresInertLoad && settle > 0 && settle >= soak) {
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

/** The budget covers ramp and soak, not the limits (`rampBudget`, `deadlines`, `hold`). */
function checkBudget(raw: RawDocument, format: FileFormat): void {
  const budget = parseDuration(raw.text('budget', 'wallClock') ?? '0s') ?? 0;
  if (budget === 0) return;
  const ramp = raw.number('loadProfile', 'rampSeconds') ?? 0;
  const soak = format.soakSeconds(raw.number('loadProfile', 'soakSeconds') ?? 0);
  const needed = leastMs(ramp, soak);
  if (needed <= budget) return;
  const parts = `ramp ${formatDuration(ramp * 1_000)} and soak ${formatDuration(soak * 1_000)}`;
  raw.refuse(
    ['budget', 'wallClock'],
    `the campaign would end before its soak does, after ${formatDuration(needed)}: ${parts}; limits (rampBudget, deadlines, hold) are not counted`,
    `${formatDuration(needed)} or more`,
  );
}
