import { all, instant, type Asking } from '../asking.ts';
import type { Sample } from '../answers.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { promDuration } from '../../promql/placeholders.ts';

/** What the series of a gate's selectors have in common. */
export interface SeriesFacts {
  /** Samples of the best covered series of each selector that has one. */
  readonly samples: readonly number[];
  /** Jobs that serve them. */
  readonly jobs: readonly string[];
  /** A selector whose series are quantiles that the target calculated itself. */
  readonly precomputed: string | undefined;
}

/** Counts the samples of the gate's series, and finds who serves them. @throws Unanswered */
export function* seriesFacts(subject: Subject): Asking<SeriesFacts> {
  const { selectors, atMs, range } = subject;
  const found = yield* all(
    selectors.map(({ text }) =>
      // A series that came back under another `instance` is one.
      instant(`max by (job, quantile) (sum without (instance) (count_over_time(${text}[${range}])))`, atMs),
    ),
  );
  const precomputed = found.findIndex((series) => series.some(({ labels }) => (labels['quantile'] ?? '') !== ''));
  const within = found.flatMap((series) => series.flatMap(({ labels }) => labels['job'] ?? []));
  const jobs = within.length > 0 ? within : yield* earlierJobs(subject);
  return {
    samples: found.filter((series) => series.length > 0).map(largest),
    jobs: [...new Set(jobs)].sort(),
    precomputed: selectors[precomputed]?.text,
  };
}

/** Jobs that served the series earlier in the campaign: where they are down now, the reading says so. */
function* earlierJobs({ selectors, atMs, campaignStartMs }: Subject): Asking<readonly string[]> {
  const since = promDuration(Math.max(1, atMs - campaignStartMs));
  const found = yield* all(
    selectors.map(({ text }) => instant(`group by (job) (last_over_time(${text}[${since}]))`, atMs)),
  );
  return found.flatMap((series) => series.flatMap(({ labels }) => labels['job'] ?? []));
}

/** The gate has as many samples as it asks for. */
export function sampleRefusal({ gate, selectors }: Subject, samples: number): Refusal | undefined {
  if (samples >= gate.minSamples || selectors.length === 0) return undefined;
  return { reason: 'too-few-samples', detail: `${samples} samples in the window, ${gate.minSamples} are asked for` };
}

/** A quantile that a target calculated covers a time of its own, so it is no reading of the window. */
export function precomputedRefusal({ gate }: Subject, { precomputed }: SeriesFacts): Refusal | undefined {
  if (precomputed === undefined || gate.barKind === 'informational') return undefined;
  return {
    reason: 'precomputed-quantile',
    detail: `${precomputed} is a quantile that its target calculated over a time of its own; use a histogram`,
  };
}

function largest(series: readonly Sample[]): number {
  return Math.max(...series.map(({ value }) => value));
}
