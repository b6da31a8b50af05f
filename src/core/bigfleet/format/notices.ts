import { valueAt } from '../../files/issues.ts';
import { RawDocument } from '../../files/raw-document.ts';
import type { FileKind, Remark } from '../../model/file-format.ts';
import { lowersDemand } from '../../model/scale-down.ts';
import { DRIVER_EVENTS, intoSoak, soakSecondsOf } from './load-times.ts';

/** What BigFleet reads and ignores, or applies in its own way. */
export function bigfleetNotices(kind: FileKind, document: unknown): readonly Remark[] {
  return [...(kind === 'Profile' ? profileNotices(document) : []), ...inertFields(document)];
}

/** Substrate fields that BigFleet reads and never renders. */
function inertFields(document: unknown): readonly Remark[] {
  return valueAt(document, ['apiserver', 'extraFlags']) === undefined
    ? []
    : [{ path: ['apiserver', 'extraFlags'], message: 'has no effect: BigFleet reads it and never uses it' }];
}

function profileNotices(root: unknown): readonly Remark[] {
  const raw = new RawDocument(root);
  const remarks: Remark[] = [];
  if (raw.has('slo', 'internalBindingLatencyP99Seconds')) {
    remarks.push({
      path: ['slo', 'internalBindingLatencyP99Seconds'],
      message: 'has no effect: BigFleet retired this bar; the value is reported and never judged',
    });
  }
  const written = raw.number('loadProfile', 'soakSeconds') ?? 0;
  const soak = soakSecondsOf(written);
  if (written === 0) {
    remarks.push({
      path: ['loadProfile', 'soakSeconds'],
      message: `is 0 or missing: the soak takes ${soak / 60} minutes, as in BigFleet`,
    });
  }
  const settle = raw.number('loadProfile', 'settleSeconds') ?? 0;
  if (settle > 0 && settle >= soak) {
    remarks.push({
      path: ['loadProfile', 'settleSeconds'],
      message: `has no effect: it is not before the end of the soak (${soak} s), so windows begin with the soak, as in BigFleet`,
    });
  }
  for (const index of raw.list('loadProfile', 'scaleDowns').keys()) {
    const path = ['loadProfile', 'scaleDowns', index, 'targetMultiplier'] as const;
    if (!lowersDemand(raw.number(...path) ?? 0.5)) {
      remarks.push({ path, message: 'has no effect: BigFleet ignores a scale-down that is not between 0 and 1' });
    }
  }
  const ramp = raw.number('loadProfile', 'rampSeconds') ?? 0;
  for (const { path, at, lasts } of driverEvents(raw)) {
    const origin = `counts from the start of the load driver, as in BigFleet, before the ramp of ${ramp} s`;
    const begins = intoSoak(at, ramp);
    remarks.push({ path, message: `${origin}${effectOf(begins, begins + lasts, soak)}` });
  }
  return remarks;
}

interface DriverEvent {
  readonly path: readonly (string | number)[];
  readonly at: number;
  readonly lasts: number;
}

/** Timed changes of the load driver, without those that it ignores. */
function driverEvents(raw: RawDocument): readonly DriverEvent[] {
  return DRIVER_EVENTS.flatMap((list) =>
    [...raw.list('loadProfile', list).keys()].flatMap((index) => {
      const at = raw.number('loadProfile', list, index, 'atSeconds');
      const multiplier = raw.number('loadProfile', list, index, 'targetMultiplier');
      if (at === undefined || (list === 'scaleDowns' && !lowersDemand(multiplier ?? 0))) return [];
      // Only a burst ends by itself, and a burst of 0 seconds does not end.
      const lasts = raw.number('loadProfile', list, index, 'durationSeconds') || Infinity;
      return [{ path: ['loadProfile', list, index, 'atSeconds'], at, lasts }];
    }),
  );
}

/** What happens of a change that begins and ends at these seconds of the soak. */
function effectOf(beginsAt: number, endsAt: number, soak: number): string {
  if (beginsAt >= soak) return `, and after the end of the soak of ${soak} s: it never happens`;
  if (beginsAt >= 0) return `: it happens ${beginsAt} s into the soak`;
  return endsAt > 0
    ? ', and during the ramp: it happens when the soak begins'
    : ', and ends during the ramp: it never happens';
}
