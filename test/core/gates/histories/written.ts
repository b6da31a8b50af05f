import type { GateResult } from '../../../../src/core/gates/model.ts';
import { judgeGate } from '../../../../src/core/gates/judge.ts';
import { readGate } from '../../../../src/core/gates/read-gate.ts';
import { resolveGates } from '../../../../src/core/gates/resolve.ts';
import type { ReadingContext } from '../../../../src/core/gates/subject.ts';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { runOn } from './answer.ts';
import { Store } from './store.ts';

/** The first scrape. One scrape follows every second. */
const FIRST_MS = 1_700_000_000_000;
/** Scrape before which the window starts, and the one with which it ends. */
const WINDOW = { from: 10, to: 20 } as const;

/** Series by their names with labels, e.g. `x_total{shard="a"}`, each with its samples as `samplesOf` reads them. */
export type Written = Readonly<Record<string, string>>;

/**
 * The samples of a series in words, one for each second: `5` is a value, `5x3` the same three times, `5+2x3` rises by 2 three
 * times (`7 9 11`), `_` is a scrape that was missed, `X` a stale marker; `_x3` and `Xx3` are three of them.
 */
export function samplesOf(text: string): readonly (number | undefined | 'missed')[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => {
      const [, value = '', step, times] = /^(.+?)(?:\+([\d.]+))?(?:x(\d+))?$/.exec(word) ?? [];
      return Array.from({ length: Number(times ?? 1) }, (_, index) => {
        if (value === '_') return 'missed';
        if (value === 'X') return undefined;
        if (value === '+Inf') return Infinity;
        return Number(value) + (step === undefined ? 0 : Number(step) * (index + 1));
      });
    });
}

/**
 * A store with written series. Each has the labels `job="j"` and `instance="i"` unless it gives others. A target that is not
 * written was up at every scrape, and its process started long before.
 */
function written(series: Written): Store {
  const store = new Store();
  const full = { up: '1x40', process_start_time_seconds: '1000x40', ...series };
  for (const [name, text] of Object.entries(full)) {
    const labels = labelsOf(name);
    for (const [second, value] of samplesOf(text).entries())
      if (value !== 'missed') store.append(labels, FIRST_MS + second * 1_000, value);
  }
  return store;
}

function labelsOf(selector: string): Readonly<Record<string, string>> {
  const [, name = '', inner = ''] = /^([\w:]+)(?:\{(.*)\})?$/.exec(selector) ?? [];
  const own = [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value] as const);
  return Object.fromEntries(
    [['__name__', name], ['job', 'j'], ['instance', 'i'], ...own].filter(([, value]) => value !== ''),
  );
}

/** Reads and judges a gate over written series. */
export function judgedOn(series: Written, patch: GatePatch, context: Partial<ReadingContext> = {}): GateResult {
  const [gate] = resolveGates(
    {},
    { gate: { ...(patch.min === undefined ? { max: 3 } : {}), minSamples: 1, ...patch } },
    { machines: 1, pods: 1, clusters: 1 },
  );
  if (gate === undefined) throw new Error('the gate has no definition');
  const window = { startMs: FIRST_MS + WINDOW.from * 1_000 + 500, endMs: FIRST_MS + WINDOW.to * 1_000 + 500 };
  const full = {
    campaign: 'written',
    execution: 1,
    campaignStartMs: FIRST_MS,
    scrapeIntervalMs: 1_000,
    gaps: [],
    expected: {},
    watchLimitMs: 30_000,
    ...context,
  };
  return judgeGate(gate, runOn(written(series), readGate(gate, window, window.endMs, full)));
}
