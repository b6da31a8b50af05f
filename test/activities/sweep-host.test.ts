import { expect, test } from 'vitest';
import { createJanitor, sweepHost, type SweepAdapters } from '../../src/activities/sweep-host.ts';
import type { Ledger } from '../../src/adapters/host/ledger.ts';
import type { HostSweep, KeepRequest } from '../../src/core/campaign/sweep.ts';
import type { FoundCampaign } from '../../src/adapters/temporal/abandoned-campaigns.ts';
import { anAttempt } from './an-attempt.ts';

const { signal } = new AbortController();

function found(campaign: string, abandonment: FoundCampaign['abandonment']): FoundCampaign {
  const ledger: Ledger = {
    campaign,
    slug: campaign,
    workflowId: campaign,
    runId: 'r',
    createdAtMs: 0,
    expiresAtMs: 0,
    clusters: [],
    processes: [],
  };
  return { ledger, abandonment, usdPerHour: 2.5 };
}

const yes = { abandoned: 'yes', why: 'its workflow has ended', sinceMs: 7 } as const;
const FOUND = [
  found('gone', yes),
  found('stuck', yes),
  found('broken', yes),
  found('kept', { ...yes, keptUntilMs: 99 }),
  found('unknown', { abandoned: 'unknown', why: 'no answer' }),
];

/** A host with these campaigns, and which of them were removed. */
function host(): { readonly adapters: SweepAdapters; readonly asked: string[]; tidied: number } {
  const asked: string[] = [];
  const made = {
    asked,
    tidied: 0,
    adapters: {
      host: () => 'a',
      hosts: () => Promise.resolve(['a']),
      find: () => Promise.resolve(FOUND),
      remove: ({ campaign }: Ledger) => {
        asked.push(campaign);
        if (campaign === 'broken') return Promise.reject(new Error('no kwokctl'));
        return Promise.resolve(campaign === 'stuck' ? ['objects in c1: nodes n1'] : []);
      },
      keep: ({ campaign }: KeepRequest) => FOUND.map(({ ledger }) => ledger).filter((own) => own.campaign === campaign),
      tidy: () => {
        made.tidied += 1;
      },
    },
  };
  return made;
}

test('a sweep removes what is abandoned, names what is left, and touches nothing that is kept or may be in use', async () => {
  const swept = host();
  const { campaigns } = await sweepHost(swept.adapters, { dryRun: false, waitsForEnds: true, signal });
  expect(swept.asked).toEqual(['gone', 'stuck', 'broken']);
  expect(swept.tidied).toBe(1);
  expect(campaigns.map(({ campaign, state, left }) => [campaign, state, ...left])).toEqual([
    ['gone', 'removed'],
    ['stuck', 'left-behind', 'objects in c1: nodes n1'],
    ['broken', 'left-behind', 'no kwokctl'],
    ['kept', 'kept'],
    ['unknown', 'unknown'],
  ]);
  expect(campaigns[0]).toMatchObject({ sinceMs: 7, usdPerHour: 2.5 });
});

/** What one campaign is when it is first looked at, 50 ms before nothing of it runs any more, and what it is after that. */
function ending(...after: readonly FoundCampaign[]): { find: SweepAdapters['find']; looks: number } {
  const soon = { abandoned: 'soon', why: 'it was ended a moment ago', fromMs: Date.now() + 50 } as const;
  const made = {
    looks: 0,
    find: () => Promise.resolve(made.looks++ === 0 ? [found('ending', soon)] : after),
  };
  return made;
}

test.each<[string, Partial<Parameters<typeof sweepHost>[1]>, readonly FoundCampaign[], string[], number]>([
  ['waits for its end and removes it', {}, [found('ending', yes)], ['removed'], 2],
  ['finds that it runs on', {}, [], [], 2],
  ['names it in a dry run', { dryRun: true }, [], ['unknown'], 1],
  ['leaves it where nothing may wait', { waitsForEnds: false }, [], ['unknown'], 1],
])('a campaign was ended from outside a moment ago: a sweep %s', async (_, options, after, states, looks) => {
  const one = ending(...after);
  const { adapters } = host();
  const { campaigns } = await sweepHost(
    { ...adapters, find: one.find },
    { dryRun: false, waitsForEnds: true, signal, ...options },
  );
  expect(campaigns.map(({ state }) => state)).toEqual(states);
  expect(one.looks).toBe(looks);
});

test('a dry run touches nothing', async () => {
  const swept = host();
  const { campaigns } = await sweepHost(swept.adapters, { dryRun: true, waitsForEnds: true, signal });
  expect([swept.asked, swept.tidied]).toEqual([[], 0]);
  expect(campaigns.map(({ state }) => state)).toEqual(['abandoned', 'abandoned', 'abandoned', 'kept', 'unknown']);
});

test.each([
  ['kept', 4_102_444_800_000, /^kept until /],
  ['kept', 0, /^not kept any more$/],
  ['nothing', 4_102_444_800_000, undefined],
])('a host keeps what it has of campaign %s until %s', async (campaign, untilMs, why) => {
  const janitor = createJanitor(host().adapters);
  const keep = (request: KeepRequest): Promise<HostSweep> => janitor.keepOnHost(request);
  const { campaigns }: HostSweep = await anAttempt().run(keep, { campaign, untilMs });
  const expected = { campaign, workflowId: campaign, state: 'kept', keptUntilMs: untilMs, left: [] };
  expect(campaigns).toEqual(why === undefined ? [] : [{ ...expected, why: expect.stringMatching(why) as string }]);
});
