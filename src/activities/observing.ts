import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { mergedObservations, type Observation } from '../core/plan/observation.ts';
import { counted } from '../core/text/counted.ts';
import { cut } from '../core/text/markdown.ts';

const MAX_WAIT_BYTES = 200;

type Observed = Pick<ObservedCluster, 'observation' | 'waitingFor'>;

/** What an execution of a stage observed so far. @param earlier what its earlier attempts observed */
export function observedSoFar(clusters: readonly Observed[], earlier: Observation | undefined): Observation {
  const now = clusters.map((cluster) => cluster.observation());
  return mergedObservations(earlier === undefined ? now : [earlier, ...now]);
}

/** What the load waits for, as the end of a live line; empty while it waits for nothing. */
export function waitingText(clusters: readonly Observed[]): string {
  const [first] = clusters.flatMap((cluster) => cluster.waitingFor() ?? []);
  return first === undefined ? '' : `, waiting: ${cut(first, MAX_WAIT_BYTES)}`;
}

/** How many requests waited, as the end of a stage's detail; empty when none did. */
export function waitedText({ requests }: Observation): string {
  if (requests.waited === 0) return '';
  return `, ${counted(requests.waited, 'request')} waited for a server, at most ${Math.round(requests.longestMs / 1_000)} s`;
}
