import { recordedFields } from '../files/recorded-fields.ts';
import { parseWorkerIdentity } from '../model/worker-identity.ts';

/** A group of clusters on a host, as its campaign reports it. */
export interface HostedGroup {
  readonly campaign: string;
  readonly group: string;
  readonly host: string;
  readonly clusters: number;
  /** What the group does, in a word of the campaign's version. */
  readonly state: string;
}

/** A host that serves a Temporal, or that a campaign has a group on. */
export interface HostLine {
  readonly host: string;
  readonly address: string;
  /** Clusters that it takes; null when no worker of it has polled for minutes. */
  readonly capacityClusters: number | null;
  readonly workerPids: readonly number[];
  /** When one of its workers last asked for work, ms since the epoch; null as above. */
  readonly lastHeartbeatMs: number | null;
  readonly groups: readonly Omit<HostedGroup, 'host'>[];
}

/** A program that asks Temporal for work, and when it last did, ms since the epoch. */
export interface Poller {
  readonly identity: string;
  readonly lastMs: number;
}

/**
 * The groups in a campaign's answer to the query `status`. Undefined when it says nothing about groups: it has one host, or a
 * version before groups answered. @throws UnreadableRecord naming the field
 */
export function parseHostedGroups(campaign: string, status: unknown): readonly HostedGroup[] | undefined {
  const fields = recordedFields(`status of ${campaign}`, status);
  if (!fields.has('groups')) return undefined;
  return fields.list('groups', (item, where) => {
    const line = recordedFields(where, item);
    return {
      campaign,
      group: line.text('group'),
      host: line.text('host'),
      clusters: line.count('clusters'),
      state: line.text('state', ''),
    };
  });
}

/** All hosts by name. What polls and is no worker of Belay is left out; a host that is gone is there as long as it has groups. */
export function hostList(pollers: readonly Poller[], groups: readonly HostedGroup[]): readonly HostLine[] {
  const workers = pollers.flatMap(({ identity, lastMs }) => {
    const worker = parseWorkerIdentity(identity);
    return worker === undefined ? [] : [{ ...worker, lastMs }];
  });
  const present = groups.filter(({ state }) => state !== 'moved' && state !== 'removed');
  const names = new Set([...workers.map(({ host }) => host), ...present.map(({ host }) => host)]);
  return [...names].toSorted().map((host) => {
    // The newest first: it says what counts now.
    const own = workers.filter((worker) => worker.host === host).toSorted((a, b) => b.lastMs - a.lastMs);
    const [newest] = own;
    return {
      host,
      address: newest?.address ?? '',
      capacityClusters: newest?.clusters ?? null,
      workerPids: [...new Set(own.map(({ pid }) => pid))].toSorted((a, b) => a - b),
      lastHeartbeatMs: newest?.lastMs ?? null,
      groups: present
        .filter((group) => group.host === host)
        .map(({ campaign, group, clusters, state }) => ({ campaign, group, clusters, state })),
    };
  });
}
