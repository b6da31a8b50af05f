import { cpuTimeIn } from '../../core/gates/cpu-time.ts';
import { hostBusyIn, worstBusy, type HostSample } from '../../core/gates/host-saturation.ts';
import type { GateDefinition } from '../../core/gates/model.ts';
import type { TimeSpan } from '../../core/gates/window.ts';
import type { Evaluation } from './evaluate.ts';
import type { OtherHosts } from './other-hosts.ts';

/** What an evaluation has to know of the CPU of a campaign's hosts. */
export type HostsCpu = Pick<Evaluation, 'hostBusy' | 'cpuTimeMs'>;

/** The CPU of the only host. @param samples of it, in order */
export function cpuOfHost(samples: readonly HostSample[]): HostsCpu {
  return { hostBusy: hostBusyIn(samples), ...(samples.length === 0 ? {} : { cpuTimeMs: cpuTimeIn(samples) }) };
}

/**
 * The CPU of several hosts: what is measured needs that of each host with clusters, so the worst one counts.
 * @param own samples of this host, in order; undefined where it has no clusters
 */
export async function cpuOfHosts(
  own: readonly HostSample[] | undefined,
  others: OtherHosts,
  gates: readonly GateDefinition[],
  atMs: number,
): Promise<HostsCpu> {
  const isIdleRead = gates.some(({ source }) => source.kind === 'idle');
  const samples = [...(own === undefined ? [] : [own]), ...(isIdleRead ? await others.samples(atMs) : [])];
  const cpuTimes = samples.filter(({ length }) => length > 0).map((each) => cpuTimeIn(each));
  const ownBusy = own === undefined ? () => 0 : hostBusyIn(own);
  // Gates have a few windows between them. Each is asked once.
  const asked = new Map<string, Promise<number | undefined>>();
  const othersBusy = (time: TimeSpan): Promise<number | undefined> => {
    const key = `${time.startMs} ${time.endMs}`;
    const answer = asked.get(key) ?? others.hostBusy(time);
    asked.set(key, answer);
    return answer;
  };
  return {
    hostBusy: async (time) => worstBusy(ownBusy(time), await othersBusy(time)),
    ...(cpuTimes.length === 0 ? {} : { cpuTimeMs: (time) => Math.min(...cpuTimes.map((of) => of(time))) }),
  };
}
