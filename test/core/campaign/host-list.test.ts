import { describe, expect, test } from 'vitest';
import { hostList, parseHostedGroups, type HostedGroup } from '../../../src/core/campaign/host-list.ts';
import { formatWorkerIdentity } from '../../../src/core/model/worker-identity.ts';

function poller(host: string, pid: number, lastMs: number, clusters = 2): Parameters<typeof hostList>[0][number] {
  return { identity: formatWorkerIdentity({ host, pid, clusters, address: `10.0.0.${pid}` }), lastMs };
}

function group(host: string, more: Partial<HostedGroup> = {}): HostedGroup {
  return { campaign: 'c', group: 'g1', host, clusters: 2, state: 'running', ...more };
}

describe('the hosts of a Temporal', () => {
  test('are its pollers that are workers, by name, with what the newest of each says', () => {
    expect(
      hostList([poller('b', 7, 5, 4), poller('b', 3, 9, 6), poller('a', 1, 1), { identity: '1@x', lastMs: 9 }], []),
    ).toEqual([
      { host: 'a', address: '10.0.0.1', capacityClusters: 2, workerPids: [1], lastHeartbeatMs: 1, groups: [] },
      { host: 'b', address: '10.0.0.3', capacityClusters: 6, workerPids: [3, 7], lastHeartbeatMs: 9, groups: [] },
    ]);
  });

  test('have the groups that campaigns have on them, also those that no longer poll', () => {
    const lines = hostList(
      [poller('a', 1, 1)],
      [group('a', { group: 'g0' }), group('gone', { state: 'silent' }), group('old', { state: 'moved' })],
    );
    expect(lines.map(({ host }) => host)).toEqual(['a', 'gone']);
    expect(lines[0]?.groups).toEqual([{ campaign: 'c', group: 'g0', clusters: 2, state: 'running' }]);
    expect(lines[1]).toMatchObject({ capacityClusters: null, lastHeartbeatMs: null, groups: [{ state: 'silent' }] });
  });
});

describe("a campaign's answer", () => {
  test('is read for its groups, and says nothing about them on a single host', () => {
    const lines = [{ group: 'g0', host: 'a', clusters: 0, state: 'idle', colour: 'blue' }];
    expect(parseHostedGroups('c', { state: {}, groups: lines })).toEqual([
      { campaign: 'c', group: 'g0', host: 'a', clusters: 0, state: 'idle' },
    ]);
    expect(parseHostedGroups('c', { state: {} })).toBeUndefined();
  });

  test('that cannot be read is refused by the name of the field', () => {
    expect(() => parseHostedGroups('c', { groups: [{ group: 'g0' }] })).toThrow(
      'status of c: groups[0]: host: found nothing; allowed: a text',
    );
  });
});
