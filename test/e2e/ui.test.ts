import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../adapters/eventually.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import { CHROMIUM, withPage } from './chromium.ts';
import { addProfile, BROKEN_GATE } from './small-profile.ts';
import { TemporalUi } from './temporal-ui.ts';

/** A page that shows something is no smaller than this. */
const PICTURE_BYTES = 30_000;

/** What `belay up` prints for a person with a browser. */
interface Links {
  /** Forms, with queue and type filled in. */
  readonly campaign: string;
  readonly ladder: string;
  readonly workflow: (id: string) => string;
}

const why = CHROMIUM === undefined ? ' (skipped: no chromium, chromium-browser or google-chrome on this machine)' : '';

describe.skipIf(CHROMIUM === undefined)(`from the Temporal UI alone${why}`, () => {
  test('a campaign is started, watched and read; one that cannot be is told why', async () => {
    await withUi(async ({ belay, links, ui }) => {
      // The browser reads several pages in the soak.
      addProfile(belay, { name: 'tiny', soakSeconds: 40, failNodeAtSeconds: 3 });
      await ui.start(links.campaign, 'ui-green', { profile: 'tiny' });

      await looking(ui, links.workflow('ui-green'), async () => {
        expect(await ui.currentDetails()).toMatch(/^Running: soak/);
      });
      const running = await ui.currentDetails();
      expect(running).toContain('tiny on substrate local, system kube-scheduler, 6 machines.');
      expect(running).toMatch(/✓\s+resolve\s[\d:]+\s+[\d.]+ s\s+36 Pods, \d+ gates; specification [0-9a-f]{12}/);
      expect(running).toMatch(/✓\s+provision\s[\d:]+\s+[\d.]+ s\s+1 cluster/);
      expect(running).toMatch(/✓\s+ramp\s[\d:]+\s+[\d.]+ s\s+36 of 36 Pods created/);
      expect(running).toMatch(/▶\s+soak\s[\d:]+\s+running\s+40 s, \d+ gates, fail-node at 3 s/);
      expect(running).toMatch(/·\s+teardown\s+1 local cluster and what was made/);
      expect(await ui.picture('running-details')).toBeGreaterThan(PICTURE_BYTES);
      expect(await ui.follow('Pending Activities')).toMatch(/\/ui-green\/[0-9a-f-]+\/pending-activities/);

      const attributes = await ui.tab('search-attributes');
      expect(attributes).toContain('"BelayProfile": "tiny"');
      expect(attributes).toContain('"BelayTarget": "local"');
      expect(attributes).toContain('"BelayTrigger": "ui"');
      expect(attributes).toContain('"BelayFleetSize": 6');
      expect(attributes).toContain('"BelayStage": "soak"');
      expect(attributes).toContain('"BelayVerdict": null');
      await looking(ui, links.workflow('ui-green'), async () => {
        const pending = await ui.tab('pending-activities');
        expect(pending).toMatch(/"live": "\d+ of 40 s, \d+ Pods bound, \d+ pending, [1-9]\d* checks"/);
        expect(pending).toMatch(/"podBindP99": "[\d.]+ s, bar at most 10 s: pass"/);
      });
      expect(await ui.picture('pending-activities')).toBeGreaterThan(PICTURE_BYTES);

      await looking(ui, links.workflow('ui-green'), async () => {
        expect(await ui.result()).toContain('"verdict": "pass"');
      });
      const history = await ui.tab('history');
      expect(history).toContain('Completed');
      expect(history).toMatch(/36 Pods over 3 s/);
      expect(await ui.picture('green-history')).toBeGreaterThan(PICTURE_BYTES);
      const finished = await ui.currentDetails();
      expect(finished).toMatch(/^Finished: pass/);
      expect(finished).toMatch(/Verdict: pass[^]*podBindP99\s+[\d.]+ s\s+≤ 10 s\s+[\d.]+ %\s+pass/);
      expect(finished).toMatch(/✓\s+teardown/);
      expect(await ui.follow('Start another campaign')).toContain(
        '/start-workflow?taskQueue=belay&workflowType=campaign',
      );
      expect(await ui.picture('green-details')).toBeGreaterThan(PICTURE_BYTES);

      // The form repeats what the green campaign said of itself; of this one nothing is known.
      const filledIn = await ui.start(links.campaign, 'ui-nope', { profile: 'nope' });
      expect(JSON.parse(filledIn)).toEqual({ profile: 'tiny' });
      await looking(ui, links.workflow('ui-nope'), async () => {
        expect(await ui.result()).toMatch(/"message": "profile \\"nope\\": not found; allowed: [^"]*\btiny"/);
      });
      expect(await ui.result()).not.toContain('stackTrace');
      expect(await ui.currentDetails()).toMatch(
        /^Not started\s+profile .nope.: not found; allowed: [^]*Start it again with one of these inputs/,
      );
      const nothing = await ui.tab('search-attributes');
      for (const name of ['Verdict', 'Profile', 'Target', 'FleetSize'])
        expect(nothing).toContain(`"Belay${name}": null`);
    });
  });

  test('a ladder is started and followed to its rungs', async () => {
    await withUi(async ({ belay, links, ui }) => {
      for (const name of ['rung-a', 'rung-b']) addProfile(belay, { name });
      const rungs = [{ profile: 'rung-a' }, { profile: 'rung-b' }];
      const metadata = { name: 'two', description: 'two rungs' };
      belay.write('files/ladders/two.yaml', stringify({ apiVersion: 'belay.dev/v1', kind: 'Ladder', metadata, rungs }));
      await ui.start(links.ladder, 'ui-ladder', { ladder: 'two' });

      const rung = /ui-ladder\.1-rung-a/;
      await looking(ui, links.workflow('ui-ladder'), async () => {
        expect(await ui.currentDetails()).toMatch(/^Ladder two: climbing[^]*rung-a\s+local\s+running/);
      });
      expect(await ui.follow('ui-ladder.1-rung-a')).toMatch(rung);
      await looking(ui, links.workflow('ui-ladder'), async () => {
        expect(await ui.currentDetails()).toMatch(/rung-a\s+local\s+pass\s+\d+ s\s+\w+: [\d.]+ % headroom[^]*running/);
      });
      expect(await ui.picture('ladder-details')).toBeGreaterThan(PICTURE_BYTES);
      // The tab draws the tree some time after it was opened.
      await looking(ui, links.workflow('ui-ladder'), async () => {
        expect(await ui.tab('relationships')).toMatch(rung);
      });
      await looking(ui, links.workflow('ui-ladder'), async () => {
        expect(await ui.result()).toContain('"end": "pass"');
      });
      expect(await ui.currentDetails()).toMatch(/^Ladder two: pass/);
    });
  });

  test('a hold is read and answered, once by a retry with another bar, once by an abort', async () => {
    await withUi(async ({ belay, links, ui }) => {
      addProfile(belay, { name: 'held', gates: { noPods: BROKEN_GATE } });
      await ui.start(links.campaign, 'ui-retry', { profile: 'held' });
      await ui.start(links.campaign, 'ui-abort', { profile: 'held' });

      await looking(ui, links.workflow('ui-retry'), async () => {
        expect(await ui.currentDetails()).toMatch(/^Holding: waiting for a decision/);
      });
      const hold = await ui.currentDetails();
      const [, brokeAt] =
        /What broke\s+Stage soak, execution 1, failed at (\S+ \S+ UTC): noPods = (?:\d+) Pods, \d+ Pods over its bar of at most 0 Pods \(\d+ s into a soak of 8 s/.exec(
          hold,
        ) ?? [];
      const [, endsAt] = /All of it waits until (\S+ \S+ UTC)\./.exec(hold) ?? [];
      expect(Date.parse(endsAt ?? '') - Date.parse(brokeAt ?? '')).toBe(30 * 60_000);
      expect(hold).toMatch(
        /What still exists\s+1 cluster[^\n]*Prometheus at http[^]*Nodes Ready[^]*36 of 36 Pods bound/,
      );
      expect(hold).toContain('More Actions (top right), Send an Update, name decide');
      expect(hold).toContain('may change the bar, now ≤ 0; replace the number');
      expect(await ui.picture('hold-details')).toBeGreaterThan(PICTURE_BYTES);
      expect(await ui.tab('history')).toContain('hold on soak: User Metadata shows what broke and how to answer');
      expect(await ui.tab('search-attributes')).toContain('"BelayStage": "hold"');

      const [retry = '', , abort = '', newBar = ''] = await ui.toPaste();
      expect([JSON.parse(retry), JSON.parse(abort)]).toMatchObject([{ decision: 'retry' }, { decision: 'abort' }]);
      expect(await ui.decide(retry.replace('"execution":1', '"execution":2'), 'hold-refused')).toMatch(
        /The hold is on stage "soak", execution 1; this answers stage "soak", execution 2\./,
      );
      expect(await ui.decide('{"stage":"soak","execution":1,"decision":"retry","reasn":"x"}')).toMatch(
        /unknown key "reasn"; allowed: stage, execution, decision, reason, set/,
      );
      await ui.open(links.workflow('ui-retry'));
      expect(await ui.currentDetails()).toMatch(/^Holding: waiting for a decision/);
      expect(await ui.decide(newBar.replace('"gates.noPods.max":0', '"gates.noPods.max":1000'))).toBeUndefined();

      await looking(ui, links.workflow('ui-abort'), async () => {
        expect(await ui.currentDetails()).toMatch(/^Holding: waiting for a decision/);
      });
      expect(await ui.decide(abort)).toBeUndefined();
      await looking(ui, links.workflow('ui-abort'), async () => {
        expect(await ui.result()).toContain('"verdict": "fail"');
      });
      expect(await ui.tab('history')).toContain('Completed');
      expect(await ui.currentDetails()).toMatch(
        /^Finished: fail[^]*Verdict: fail\s+(?:the host had no CPU left.*\s+)?noPods = \d+ Pods[^]*noPods\s+\d+ Pods\s+≤ 0 Pods\s+–\s+fail[^]*decision: abort/,
      );
      expect(await ui.picture('aborted-details')).toBeGreaterThan(PICTURE_BYTES);

      await looking(ui, links.workflow('ui-retry'), async () => {
        expect(await ui.result()).toContain('"verdict": "pass"');
      });
      const passed = await ui.currentDetails();
      expect(passed).toMatch(/^Finished: pass/);
      expect(passed).toMatch(/soak passed on execution 2; execution 1: noPods = \d+ Pods/);
      expect(passed).toMatch(/✗\s+soak\s[\d:]+\s+[\d.]+ s\s+failed: noPods[^]*✓\s+soak \(execution 2\)/);
      expect(passed).toMatch(/Story[^]*decision: retry of soak, execution 1[^]*specification changed/);
      expect(await ui.picture('retried-details')).toBeGreaterThan(PICTURE_BYTES);
    });
  });
});

/** A Belay that is up, and a browser with nobody but us before it. Files must be there before a name is resolved, not before `up`. */
async function withUi(
  use: (given: { readonly belay: Belay; readonly links: Links; readonly ui: TemporalUi }) => Promise<void>,
): Promise<void> {
  await withBelay(async (belay) => {
    const up = await belay.run(['up']);
    expect(up.exitCode, up.stderr).toBe(0);
    const [, root = ''] = /^UI +(\S+)$/m.exec(up.stdout) ?? [];
    const [, campaign = ''] = /^a campaign +(\S+) +input \{"profile":"quickstart"\}$/m.exec(up.stdout) ?? [];
    const [, ladder = ''] = /^a ladder +(\S+) +input \{"ladder":"nightly"\}$/m.exec(up.stdout) ?? [];
    const links = { campaign, ladder, workflow: (id: string) => `${root}/${id}` };
    await withPage(async (page) => {
      await use({ belay, links, ui: new TemporalUi(page, join(belay.folder, 'pictures')) });
    });
  });
}

/** Looks at a page anew until it shows what is expected, as a person who waits does. @throws the last expectation */
async function looking(ui: TemporalUi, link: string, expected: () => Promise<void>): Promise<void> {
  let last: unknown;
  await eventually(async () => {
    await ui.open(link);
    last = await expected().then(
      () => undefined,
      (error: unknown) => error,
    );
    return last === undefined;
  }).catch(() => {
    throw last;
  });
}
