import { ALL_GATE_KINDS, GATE_KIND_NAMES, KINDS_WITH_EVENTS } from '../gates/kinds/registry.ts';
import type { RawDocument } from '../files/raw-document.ts';
import type { Segment } from '../files/yaml-path.ts';

/** A gate: one source, a bar that can hold. `whole`: nothing is inherited from elsewhere, so a source must be there. */
export function checkGate(raw: RawDocument, path: readonly Segment[], whole: boolean): void {
  const sources = GATE_KIND_NAMES.filter((source) => raw.has(...path, source));
  if (sources.length > 1)
    raw.refuse(path, `two sources: ${sources.join(' and ')}`, `one of ${GATE_KIND_NAMES.join(', ')}`);
  if (whole && sources.length === 0) raw.refuse(path, 'no source', `one of ${GATE_KIND_NAMES.join(', ')}`);
  const scaled = raw.has(...path, 'scale');
  const bar = raw.text(...path, 'bar') ?? (scaled ? 'scaled' : undefined);
  const plainBar = raw.has(...path, 'min') || raw.has(...path, 'max');
  if (sources.length > 0 && bar !== 'informational' && !scaled && !plainBar) {
    raw.refuse(path, 'no bar', 'min, max or scale, or bar: informational');
  }
  if (bar === 'informational' && raw.is(...path, 'failFast')) {
    raw.refuse([...path, 'failFast'], 'a gate that is only shown cannot end the soak', 'a bar, or failFast left out');
  }
  const [source] = sources;
  if (raw.has(...path, 'minEvents') && source !== undefined && !KINDS_WITH_EVENTS.includes(source)) {
    raw.refuse([...path, 'minEvents'], `a ${source} rests on no number of events`, KINDS_WITH_EVENTS.join(', '));
  }
  if ((whole || raw.has(...path, 'failFast')) && raw.has(...path, 'for') && !raw.is(...path, 'failFast')) {
    raw.refuse([...path, 'for'], 'the gate is read once, at the end of the soak', 'failFast: true beside it');
  }
  for (const kind of ALL_GATE_KINDS) kind.checkRaw?.(raw, path);
  if (bar === 'scaled' && !scaled && (whole || sources.length > 0)) {
    raw.refuse([...path, 'bar'], 'scaled by nothing', 'scale: {by, steps} beside it');
  }
  if (scaled && bar !== 'scaled') raw.refuse([...path, 'bar'], 'contradicts scale', 'scaled where scale is set');
  if (scaled && plainBar) raw.refuse(path, 'a fixed bar and a scaled one', 'min and max within the steps of scale');
  checkBar(raw, path);
  if (scaled) checkSteps(raw, [...path, 'scale', 'steps']);
}

function checkBar(raw: RawDocument, path: readonly Segment[]): void {
  const min = raw.number(...path, 'min');
  const max = raw.number(...path, 'max');
  if (min !== undefined && max !== undefined && min > max) {
    raw.refuse([...path, 'min'], `above max (${max}): nothing can pass`, `at most ${max}`);
  }
}

function checkSteps(raw: RawDocument, path: readonly Segment[]): void {
  const steps = raw.list(...path);
  let before = 0;
  for (const index of steps.keys()) {
    const step = [...path, index];
    checkBar(raw, step);
    if (!raw.has(...step, 'min') && !raw.has(...step, 'max')) raw.refuse(step, 'a step without a bar', 'min or max');
    const upTo = raw.number(...step, 'upTo');
    const last = index === steps.length - 1;
    if (!last && !raw.has(...step, 'upTo'))
      raw.refuse(step, 'a step without end before the last', 'upTo in every step but the last');
    if (last && upTo !== undefined) raw.refuse([...step, 'upTo'], 'the last step ends', 'no upTo in the last step');
    if (upTo !== undefined && upTo <= before)
      raw.refuse([...step, 'upTo'], 'not above the step before', `more than ${before}`);
    before = upTo ?? before;
  }
}

/** No name twice in a list. */
export function checkUnique(raw: RawDocument, list: readonly Segment[], key: string): void {
  const seen = new Map<string, number>();
  for (const index of raw.list(...list).keys()) {
    const name = raw.text(...list, index, key);
    if (name === undefined) continue;
    const first = seen.get(name);
    if (first !== undefined) raw.refuse([...list, index, key], `the same as in entry ${first}`, 'each name once');
    else seen.set(name, index);
  }
}
