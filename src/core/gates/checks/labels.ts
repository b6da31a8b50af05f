import { labelName } from '../../promql/label-matcher.ts';
import { all, seen, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { isFree } from '../free-expression.ts';
import type { Subject } from '../subject.ts';
import {
  groupingLabels,
  namedOneByOne,
  optionalLabels,
  requiredLabels,
  sourceLabels,
  valuesOneByOne,
  type LabelUse,
} from '../../promql/label-uses.ts';
import type { Selector } from '../../promql/needs.ts';

/**
 * Every label that the gate groups by, or that its matchers exclude values of, was seen in this campaign. A label that no series has
 * makes one group of a whole fleet, and `{result!="error"}` with a misspelt label selects the errors too. The metrics of
 * `{__name__=~"a|b"}`, and the values of `{queue=~"a|b"}`, were seen each.
 */
export function* labels(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions, selectors, campaignStartMs, atMs } = subject;
  const { source } = gate;
  const by = 'by' in source ? source.by : [];
  const promqls = expressions.map(({ promql }) => promql);
  const uses: readonly LabelUse[] = [
    ...by.map((label) => ({ label, where: `by: [${by.join(', ')}]`, selectors })),
    ...(isFree(gate) ? promqls.flatMap(groupingLabels) : []),
    ...(isFree(gate) ? promqls.flatMap(sourceLabels) : []),
    ...promqls.flatMap(optionalLabels).map((use) => ({ ...use, selectors: use.selectors.map(everyOf) })),
    // Without `absentIs` the selector itself must have been seen.
    ...(gate.absentIs === undefined ? [] : promqls.flatMap(requiredLabels)),
  ];
  const span = { startMs: campaignStartMs, endMs: atMs };
  const names = promqls.flatMap(namedOneByOne);
  const values = gate.absentIs === undefined ? promqls.flatMap(valuesOneByOne) : [];
  const [known, named, valued] = yield* all([
    all(uses.map((use) => anySeen(use, gate.absentIs === undefined, span))),
    all(names.map((name) => seen(byName(name), span))),
    all(values.map(({ text }) => seen(text, span))),
  ]);
  const missing = uses[known?.indexOf(false) ?? -1];
  if (missing !== undefined) {
    const { label, where, selectors: of } = missing;
    const which =
      of.length === 0 ? 'is left there' : `of ${of.map(({ text }) => text).join(', ')} was seen in this campaign`;
    return { reason: 'no-series', detail: `no label "${label}" ${which}: ${where}` };
  }
  const value = values[valued?.indexOf(false) ?? -1];
  if (value !== undefined) {
    return {
      reason: 'no-series',
      detail: `no series ${value.text} was seen in this campaign; ${value.selector.text} names several values, and each must have been, unless the gate has absentIs: 0`,
    };
  }
  const name = names[named?.indexOf(false) ?? -1];
  return name === undefined
    ? undefined
    : { reason: 'no-series', detail: `no series ${name} was seen in this campaign; it is one of several names` };
}

/** Whether one of the selectors has had a series with the label. */
function* anySeen(
  { label, selectors }: LabelUse,
  isExact: boolean,
  span: { readonly startMs: number; readonly endMs: number },
): Asking<boolean> {
  const having = `${labelName(label)}!=""`;
  const found = yield* all(
    selectors.map((selector) => seen(withMatcher(isExact ? selector : everyOf(selector), having), span)),
  );
  return found.includes(true);
}

/** All series of the selector's metric. */
function everyOf(selector: Selector): Selector {
  return selector.name === undefined ? selector : { ...selector, text: byName(selector.name) };
}

function byName(name: string): string {
  return `{__name__=${JSON.stringify(name)}}`;
}

function withMatcher({ text }: Selector, matcher: string): string {
  const at = text.indexOf('{');
  if (at === -1) return `${text}{${matcher}}`;
  const rest = text.slice(at + 1);
  return `${text.slice(0, at + 1)}${matcher}${/^\s*\}/.test(rest) ? '' : ','}${rest}`;
}
