import { recordedFields, recordedText } from '../files/recorded-fields.ts';
import { gigabytesInWords } from '../text/gigabytes.ts';
import { cut } from '../text/markdown.ts';

/** Why each host that was asked does not take a group, by the host's name. */
export type Refusals = Readonly<Record<string, string>>;

/** A failure travels in the history: it names as many hosts as fit. */
const MAX_BYTES = 1_000;
const MAX_HOSTS = 50;
const MAX_REASON_BYTES = 200;

/** Reads refusals of earlier attempts out of a heartbeat. Anything else means that there were none. */
export function parseRefusals(heartbeat: unknown): Refusals {
  try {
    const { refusals } = heartbeat as { readonly refusals?: unknown };
    const map = recordedFields('heartbeat of place', { refusals }).map('refusals', {});
    return Object.fromEntries(
      Object.entries(map).map(([host, why]) => [host, recordedText(why, `heartbeat of place: ${host}`)]),
    );
  } catch {
    return {};
  }
}

/** Adds the newest reason of a host. A fleet may have more hosts than a heartbeat should carry: the latest are kept. */
export function withRefusal(refusals: Refusals, host: string, why: string): Refusals {
  const others = Object.entries(refusals).filter(([other]) => other !== host);
  return Object.fromEntries([...others.slice(1 - MAX_HOSTS), [host, cut(why, MAX_REASON_BYTES)]]);
}

/** The reason of a host without enough capacity, e.g. "2 of 2 clusters used". */
export function usedInWords(usedClusters: number, capacityClusters: number): string {
  return `${usedClusters} of ${capacityClusters} ${capacityClusters === 1 ? 'cluster' : 'clusters'} used`;
}

/** The reason of a host without enough memory, e.g. "1.1 GB of memory free, 2.9 GB needed for a cluster". */
export function memoryInWords(freeBytes: number, clusterBytes: number): string {
  return `${gigabytesInWords(freeBytes)} of memory free, ${gigabytesInWords(clusterBytes)} needed for a cluster`;
}

/** All refusals in one line, e.g. "hosts: a (2 of 2 clusters used), b (it is the lead)". */
export function refusalsInWords(refusals: Refusals): string {
  const hosts = Object.entries(refusals)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([host, why]) => `${host} (${why})`);
  return cut(`hosts: ${hosts.join(', ')}`, MAX_BYTES);
}
