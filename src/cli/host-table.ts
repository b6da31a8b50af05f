import { queuesOfHost } from '../core/model/host-queues.ts';
import type { HostLine } from '../core/campaign/host-list.ts';
import { counted } from '../core/text/counted.ts';
import { formatDuration } from '../core/text/duration.ts';
import { textTable } from './text-table.ts';

/** Hosts for programs. */
export function hostsJson(hosts: readonly HostLine[]): readonly object[] {
  return hosts.map(({ lastHeartbeatMs, ...line }) => ({
    ...line,
    usedClusters: usedClusters(line),
    queues: Object.values(queuesOfHost(line.host)),
    lastHeartbeat: lastHeartbeatMs === null ? null : new Date(lastHeartbeatMs).toISOString(),
  }));
}

/** Hosts as a table for a terminal. */
export function hostsTable(hosts: readonly HostLine[], nowMs: number): string {
  return textTable(
    ['host', 'address', 'clusters', 'groups', 'workers', 'last heartbeat', 'queues'],
    hosts.map((line) => [
      line.host,
      line.address,
      line.capacityClusters === null
        ? `${usedClusters(line)} used`
        : `${usedClusters(line)} of ${line.capacityClusters} used`,
      line.groups.map(groupText).join('\n'),
      line.workerPids.length === 0 ? 'none' : line.workerPids.map((pid) => `pid ${pid}`).join('\n'),
      line.lastHeartbeatMs === null ? 'none for minutes' : ago(nowMs - line.lastHeartbeatMs),
      Object.values(queuesOfHost(line.host)).join('\n'),
    ]),
  );
}

function usedClusters({ groups }: Pick<HostLine, 'groups'>): number {
  return groups.reduce((sum, { clusters }) => sum + clusters, 0);
}

function groupText({ campaign, group, clusters, state }: HostLine['groups'][number]): string {
  return `${campaign} ${group}: ${counted(clusters, 'cluster')}, ${state}`;
}

/** Clocks of two machines may differ: a heartbeat in the future was a moment ago. */
function ago(ms: number): string {
  return `${formatDuration(Math.max(0, Math.round(ms / 1_000)) * 1_000)} ago`;
}
