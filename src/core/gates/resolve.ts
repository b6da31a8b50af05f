import type { GatePatch } from '../model/gate-patch.ts';
import { GATE_KIND_NAMES, gateKind, KINDS_WITH_EVENTS, kindsIn, sourceOf } from './kinds/registry.ts';
import { isOver, isUnder } from './beyond-bar.ts';
import { unitProblem } from './units.ts';
import type { Bar, BarKind, GateDefinition, GateSource } from './model.ts';
import { hull, only } from '../promql/interval.ts';

/** A gate's reading needs this many samples unless its file says otherwise. */
const DEFAULT_MIN_SAMPLES = 5;

/** Measures of a campaign's size that scaled bars go by. */
export interface Scale {
  readonly machines: number;
  readonly pods: number;
  readonly clusters: number;
}

/** One thing wrong with a gate: the gate, its field, and a sentence with what was found and what is allowed. */
export interface GateProblem {
  readonly gate: string;
  readonly field: string;
  readonly message: string;
}

/** Every problem of a set of gates at once. */
export class GateProblems extends Error {
  override readonly name = 'GateProblems';
  readonly problems: readonly GateProblem[];
  constructor(problems: readonly GateProblem[]) {
    super(problems.map((one) => `gates.${one.gate}.${one.field}: ${one.message}`).join('\n'));
    this.problems = problems;
  }
}

type Gates = Readonly<Record<string, GatePatch>>;

/**
 * A campaign's gates, complete: the system's, changed by the profile's of the same name, and the profile's own, with
 * scaled bars turned into numbers for this scale.
 * @throws GateProblems with everything that is wrong
 */
export function resolveGates(system: Gates, profile: Gates, scale: Scale): readonly GateDefinition[] {
  const problems: GateProblem[] = [];
  const known = Object.keys(system);
  const names = [...known, ...Object.keys(profile).filter((name) => system[name] === undefined)];
  const gates = names.map((name) => {
    const own = system[name] ?? {};
    const change = profile[name] ?? {};
    const report = (field: string, message: string): void => {
      problems.push({ gate: name, field, message });
    };
    for (const patch of [own, change]) checkOneSource(patch, report);
    const source = sourceOf(change) ?? sourceOf(own);
    if (source === undefined) {
      report(
        GATE_KIND_NAMES[0] ?? '',
        `the system has no gate "${name}" to change, and a new gate needs one of ${GATE_KIND_NAMES.join(', ')}; known gates: ${known.join(', ') || '(none)'}`,
      );
      return undefined;
    }
    for (const { field, message } of gateKind(source).problems(source, names)) report(field, message);
    const bars = barsOf(own, change, scale, report);
    const merged = { ...(sourceOf(change) === undefined ? own : withoutSourceFields(own)), ...change };
    // What the system only shows may be missing; what a profile makes a gate of must be there, unless it says otherwise.
    const promoted = own.bar === 'informational' && bars.barKind !== 'informational';
    const failFast = merged.failFast ?? false;
    if (bars.barKind === 'informational' && failFast) {
      report('failFast', 'an informational gate cannot end the soak; give it a bar or leave failFast out');
    }
    const otherUnit = unitProblem(source, merged.unit ?? '');
    if (otherUnit !== undefined) report('unit', otherUnit);
    const idleBar = bars.barKind === 'informational' ? undefined : unmissableBar(source, bars.bar);
    const side = bars.bar.max === undefined ? 'min' : 'max';
    if (idleBar !== undefined) report(bars.barKind === 'scaled' ? 'scale.steps' : side, idleBar);
    if (failFast && gateKind(source).fromEarlierRuns === true)
      report('failFast', `a gate of kind ${source.kind} is read when the campaign is judged; leave failFast out`);
    const minSamples = merged.minSamples ?? DEFAULT_MIN_SAMPLES;
    if (!Number.isInteger(minSamples) || minSamples < 1)
      report('minSamples', `found ${minSamples}; a whole number from 1`);
    const { minEvents } = merged;
    // A profile or a retry that takes failFast away takes what belongs to it away as well.
    const forReadings = change.failFast === false ? undefined : merged.forReadings;
    if (forReadings !== undefined && !failFast) {
      report('for', 'the gate is read once, at the end of the soak; failFast: true, or leave `for` out');
    }
    if (minEvents !== undefined && gateKind(source).hasEvents !== true) {
      report(
        'minEvents',
        `a gate of kind ${source.kind} rests on no number of events; allowed for ${KINDS_WITH_EVENTS.join(', ')}`,
      );
    }
    const windowMs = merged.windowMs ?? 'soak';
    if (merged.absentIs !== undefined && merged.job === undefined) {
      report('absentIs', 'the gate has no job; absentIs needs one, because a target that is down has no series either');
    }
    for (const other of merged.restsOn ?? []) {
      if (other === name || !names.includes(other))
        report('restsOn', `found "${other}"; another gate of this campaign`);
    }
    if (windowMs !== 'soak' && !(windowMs > 0)) report('window', `found ${windowMs} ms; "soak" or a duration above 0`);
    return {
      name,
      description: merged.description ?? '',
      unit: merged.unit ?? '',
      source,
      ...bars,
      failFast,
      ...(forReadings === undefined ? {} : { forReadings }),
      windowMs,
      minSamples,
      ...(minEvents === undefined ? {} : { minEvents }),
      ...(merged.job === undefined ? {} : { job: merged.job }),
      ...(merged.topFiniteBucket === undefined ? {} : { topFiniteBucket: merged.topFiniteBucket }),
      unmeasured: (promoted ? change.unmeasured : merged.unmeasured) ?? 'fail',
      ...(merged.absentIs === undefined ? {} : { absentIs: merged.absentIs }),
      ...(merged.readAt === 'settled' ? { readAt: merged.readAt } : {}),
      ...(merged.restsOn === undefined ? {} : { restsOn: merged.restsOn }),
    } satisfies GateDefinition;
  });
  if (problems.length > 0) throw new GateProblems(problems);
  return gates.filter((gate) => gate !== undefined);
}

/** Fields of the system's gate that are about its series: a source of the profile's own has other series. */
function withoutSourceFields({ absentIs: _absentIs, topFiniteBucket: _topFiniteBucket, ...own }: GatePatch): GatePatch {
  return own;
}

type Report = (field: string, message: string) => void;

/** Why no value can miss a bar; undefined where one can, 0 included: a count may have nothing to count. */
function unmissableBar(source: GateSource, { min, max }: Bar): string | undefined {
  const values = gateKind(source).possible?.(source);
  if (values === undefined || (min === undefined && max === undefined)) return undefined;
  const { low, high } = hull(values, only(0));
  if (isUnder(low, min) || isOver(high, max)) return undefined;
  const range = [low > -Infinity ? `from ${low}` : '', high < Infinity ? `up to ${high}` : ''];
  const found = range.filter((part) => part !== '').join(' ');
  return `the value is ${found} whatever happens, so it never misses this bar; another bar, or bar: informational`;
}

function checkOneSource(patch: GatePatch, report: Report): void {
  const given = kindsIn(patch);
  if (given.length > 1)
    report(given[1] ?? '', `${given.join(' and ')} are given; one of ${GATE_KIND_NAMES.join(', ')}`);
}

/** The bar in numbers. Explicit numbers of a profile win over the system's scaling rule. */
function barsOf(
  own: GatePatch,
  change: GatePatch,
  scale: Scale,
  report: Report,
): { bar: Bar; barKind: BarKind; scaleRule?: string } {
  const numbersChanged = change.min !== undefined || change.max !== undefined;
  for (const side of ['min', 'max'] as const) {
    if (change[side] !== undefined && !Number.isFinite(change[side])) report(side, `found ${change[side]}; a number`);
    const isLost =
      numbersChanged && change[side] === undefined && own.scale?.steps.some((step) => step[side] !== undefined);
    if (isLost === true && change.scale === undefined && change.bar !== 'informational')
      report(
        side,
        `the system scales ${side}, which ${side === 'max' ? 'min' : 'max'} alone would take away; give both`,
      );
  }
  const rule = change.scale ?? (numbersChanged ? undefined : own.scale);
  // Who gives a bar to a gate wants it judged, though the system only shows it.
  const kindAsked = change.bar ?? (numbersChanged && own.bar !== 'held' ? undefined : own.bar);
  if (rule !== undefined && kindAsked !== 'informational') {
    if (numbersChanged) report('scale', 'scale and min or max are given; the steps hold the bars');
    if (kindAsked === 'held')
      report('bar', 'bar is "held" but the gate has scale; "scaled", or min and max without scale');
    return { barKind: 'scaled', ...scaledBar(rule, scale, report) };
  }
  const bar = { ...pick(own), ...pick(change) };
  const hasBar = bar.min !== undefined || bar.max !== undefined;
  if (kindAsked === 'scaled') report('bar', 'bar is "scaled" but the gate has no scale');
  if (!hasBar && kindAsked !== 'informational') {
    report('max', 'the gate has no bar; min, max, scale, or bar: informational');
  }
  if (bar.min !== undefined && bar.max !== undefined && bar.min > bar.max) {
    report('min', `found min ${bar.min} above max ${bar.max}`);
  }
  return { bar, barKind: kindAsked === 'informational' ? 'informational' : 'held' };
}

function scaledBar(
  rule: NonNullable<GatePatch['scale']>,
  scale: Scale,
  report: Report,
): { bar: Bar; scaleRule: string } {
  const measure = scale[rule.by];
  const rising = rule.steps.every((step, index) => {
    const before = rule.steps[index - 1];
    return before === undefined || (before.upTo !== undefined && (step.upTo ?? Infinity) > before.upTo);
  });
  if (!rising) report('scale.steps', 'upTo must rise from step to step, and only the last may be without it');
  if (rule.steps.some((step) => step.min === undefined && step.max === undefined)) {
    report('scale.steps', 'a step has no bar; each needs min or max');
  }
  const crossed = rule.steps.find(({ min = -Infinity, max = Infinity }) => min > max);
  if (crossed !== undefined)
    report('scale.steps', `found a step with min ${crossed.min} above max ${crossed.max}, which no value is within`);
  const step = rule.steps.find((one) => one.upTo === undefined || measure <= one.upTo);
  if (step === undefined) {
    report('scale.steps', `no step holds for ${grouped(measure)} ${rule.by}; the last one should be without upTo`);
  }
  const texts = rule.steps.map((one) => {
    const bar = [one.min === undefined ? '' : `min ${one.min}`, one.max === undefined ? '' : `max ${one.max}`];
    const where = one.upTo === undefined ? 'beyond' : `up to ${grouped(one.upTo)} ${rule.by}`;
    return `${bar.filter((part) => part !== '').join(' and ')} ${where}`;
  });
  return { bar: step === undefined ? {} : pick(step), scaleRule: texts.join(', ') };
}

function pick(from: { readonly min?: number; readonly max?: number }): Bar {
  return {
    ...(from.min === undefined ? {} : { min: from.min }),
    ...(from.max === undefined ? {} : { max: from.max }),
  };
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
