import { expect, test } from 'vitest';
import {
  renewedExpiryMs,
  whyAbandoned,
  type CampaignSeen,
  type OwnGroup,
} from '../../../src/core/campaign/group-fate.ts';
import type { HostedGroup } from '../../../src/core/campaign/host-list.ts';

const NOW_MS = 1_000_000_000;
const own: OwnGroup = { group: 'g1', host: 'b', createdAtMs: NOW_MS - 600_000, expiresAtMs: NOW_MS + 600_000 };

function running(...lines: readonly (readonly [group: string, host: string, state: string])[]): CampaignSeen {
  const groups = lines.map(([group, host, state]): HostedGroup => ({ campaign: 'c', group, host, clusters: 2, state }));
  return { kind: 'running', groups };
}

test.for<[string, CampaignSeen, Partial<OwnGroup>, string | undefined]>([
  ['that is at work', running(['g0', 'a', 'idle'], ['g1', 'b', 'running']), {}, undefined],
  ['that is at work, beyond its expiry', running(['g1', 'b', 'running']), { expiresAtMs: NOW_MS }, undefined],
  ['that a hold may lose or not', running(['g1', 'b', 'lost']), {}, undefined],
  ['in a state of a later version', running(['g1', 'b', 'warming']), {}, undefined],
  ['that has moved', running(['g1', 'b', 'moved'], ['g2', 'c', 'idle']), {}, 'its clusters have moved to other hosts'],
  ['of which something was left', running(['g1', 'b', 'removed']), {}, 'it was torn down, and something was left'],
  ['that another host took in its place', running(['g1', 'c', 'running']), {}, 'another host has the group'],
  ['that the campaign does not know', running(['g0', 'a', 'idle']), {}, 'its campaign does not know it'],
  ['that the campaign does not know yet', running(['g0', 'a', 'idle']), { createdAtMs: NOW_MS - 60_000 }, undefined],
  ['of a campaign that has ended', { kind: 'closed', how: 'by-itself', atMs: NOW_MS }, {}, 'its campaign has ended'],
  ['of which Temporal could not be asked', { kind: 'unknown' }, {}, undefined],
  ['of which Temporal could not be asked, beyond its expiry', { kind: 'unknown' }, { expiresAtMs: NOW_MS }, undefined],
  ['of a campaign that does not answer', { kind: 'running', groups: undefined }, {}, undefined],
  [
    'of a campaign that does not answer, beyond its expiry',
    { kind: 'running', groups: undefined },
    { expiresAtMs: NOW_MS },
    'its lease has expired, and nothing answers for its campaign',
  ],
  [
    'of a campaign that Temporal does not know, beyond its expiry',
    { kind: 'not-found' },
    { expiresAtMs: NOW_MS },
    'its lease has expired, and nothing answers for its campaign',
  ],
])('a group %s', ([, seen, change, why]) => {
  expect(whyAbandoned({ ...own, ...change }, seen, NOW_MS)).toBe(why);
});

test.for<[string, CampaignSeen, number, boolean]>([
  ['that is at work', running(['g1', 'b', 'running']), NOW_MS + 600_000, true],
  ['with nothing to do, beyond its expiry', running(['g0', 'a', 'running'], ['g1', 'b', 'idle']), NOW_MS, true],
  ['that expires much later', running(['g1', 'b', 'idle']), NOW_MS + 3_000_000, false],
  ['that has moved', running(['g1', 'b', 'moved']), NOW_MS + 600_000, false],
  ['that was torn down', running(['g1', 'b', 'removed']), NOW_MS + 600_000, false],
  ['of another host', running(['g1', 'c', 'running']), NOW_MS + 600_000, false],
  ['that the campaign does not know yet', running(['g0', 'a', 'idle']), NOW_MS + 600_000, false],
  ['of a campaign that does not answer', { kind: 'unknown' }, NOW_MS + 600_000, false],
  ['of a campaign that has ended', { kind: 'closed', how: 'by-itself', atMs: NOW_MS }, NOW_MS + 600_000, false],
])('the lease of a group %s', ([, seen, expiresAtMs, renewed]) => {
  expect(renewedExpiryMs({ ...own, createdAtMs: NOW_MS - 60_000, expiresAtMs }, seen, NOW_MS)).toBe(
    renewed ? NOW_MS + 3_600_000 : expiresAtMs,
  );
});
