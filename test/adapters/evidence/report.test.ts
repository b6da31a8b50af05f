import {
  existsSync,
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UNTROUBLED } from '../../../src/core/plan/observation.ts';
import { summaryInFolder, writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import { writeReport } from '../../../src/adapters/evidence/report.ts';
import { writeRunReport } from '../../../src/adapters/reports/write-run-report.ts';
import { writeReportInThread } from '../../../src/adapters/reports/write-report-in-thread.ts';
import { curveFile } from '../../../src/adapters/evidence/series.ts';
import { writeSite } from '../../../src/adapters/reports/site.ts';
import { dayMs, storeRun } from '../index/stored-runs.ts';
import { problemsOf } from '../browser-problems.ts';
import { BEGIN_MS } from './fixture.ts';
import { earlierRuns, writeReportEvidence } from './report-bench.ts';

const HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(1)</script>&\'';

const mayGoOn = (): void => undefined;

describe('report.html', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'belay-report-'));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  /** The report, without what keeps a moment or a number and its unit on one line. */
  const written = async (): Promise<string> =>
    readFileSync(await writeReport(folder), 'utf8').replaceAll(/<span class="whole">([^<]*)<\/span>/g, '$1');

  it('begins with the verdict and why', async () => {
    writeReportEvidence(folder, 'red');
    const red = await written();
    // The gate that broke is there without a click, though the host comes first.
    expect(red).toMatch(
      /<strong>FAIL<\/strong>\s*<p>the host had no CPU left for 20 % of ramp[^<]*<\/p>\s*<ul>\s*<li>podBindP99 = 3\.1 s/,
    );
    writeReportEvidence(folder, 'green');
    const green = await written();
    expect(green).toMatch(
      /<strong>PASS<\/strong>\s*<p>All 4 gates were measured and met their bars. The narrowest, podsBoundShare, has 0.1 % of its bar left.<\/p>/,
    );
  });

  it('shows every gate, what broke and was retried, the infrastructure, what evidence is missing', async () => {
    writeReportEvidence(folder, 'red');
    const page = await written();
    for (const { gate } of summaryInFolder(folder)?.gates ?? []) {
      expect(page).toMatch(new RegExp(String.raw`scope="row">\s*${gate}<br`));
    }
    expect(page).toContain('scaled: max 5 up to 5,000 machines');
    expect(page).toContain('ended on execution 2; execution 1: podBindP99 = 3.1 s');
    expect(page).toContain('decided: retry of soak, execution 1, because: fixed build');
    expect(page).toContain('kube-scheduler of belay-dev50-1 restarted: exit code 1 &lt;lost lease&gt;');
    expect(page).toContain('no answer from http://127.0.0.1:9090 within 5000 ms');
    expect(page.match(/<svg role="img"/g)).toHaveLength(9);
  });

  it('shows which soak a reading is of, the checks of its gate, and how late the load was', async () => {
    writeReportEvidence(folder, 'green');
    const summary = summaryInFolder(folder);
    if (summary === undefined) throw new Error('there is no summary');
    const checks = { due: 10, measured: 8, unmeasured: 1, missed: 1, cause: 'query-error' };
    const [first, ...others] = summary.gates;
    if (first === undefined) throw new Error('there is no gate');
    writeSummary(folder, {
      ...summary,
      gates: [{ ...first, stage: 'soak', execution: 2, checks }, ...others],
      lateness: { operations: 1_200, late: 7, worstMs: 2_500, p99: { lowMs: 480, highMs: 512 } },
    });
    const page = await written();
    expect(page).toContain('soak, execution 2');
    expect(page).toContain(
      '8 of 10 due checks in the soak measured (1 unmeasured, 1 not made, most often: query-error)',
    );
    expect(page.replaceAll(/\s+/g, ' ')).toMatch(
      /Operations of the soak<\/dt> <dd>1,200<\/dd>.*Late operations of the soak<\/dt> <dd>7<\/dd>.*Lateness p99 of the soak<\/dt> <dd>0.48 s to 0.512 s<\/dd>.*Largest lateness of the soak<\/dt> <dd>2.5 s<\/dd>/,
    );
  });

  it('shows how well the Pods of each stage were observed, and what its requests waited for', async () => {
    writeReportEvidence(folder, 'green');
    const summary = summaryInFolder(folder);
    if (summary === undefined) throw new Error('there is no summary');
    expect(await written()).not.toContain('Requests that waited');
    const watch = { silent: 3, replaced: 1, failures: 1_234, longestUnconfirmedMs: 21_500 };
    const requests = { ...UNTROUBLED.requests, waited: 14, longestMs: 19_500, refused: 30, unanswered: 2 };
    writeSummary(folder, {
      ...summary,
      observed: [
        { stage: 'ramp', execution: 1, ...UNTROUBLED },
        { stage: 'soak', execution: 2, watch, requests },
      ],
    });
    const text = (await written()).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('Why they waited ramp 0 s 0 0 0 0 0 s none waited');
    expect(text).toContain('soak, execution 2 21.5 s 3 1 1,234 14 19.5 s 30 refused, 2 unanswered');
  });

  it('draws the CPU of the host over the campaign', async () => {
    writeReportEvidence(folder, 'red');
    expect(await written()).not.toContain('CPU of the host');
    const points = Array.from({ length: 60 }, (_, index) => [BEGIN_MS + index * 1_000, 0.9]);
    const lines = [{ label: 'tasks waiting', promql: 'x', series: [{ labels: {}, points }] }];
    const curve = { name: 'host.cpu', startMs: BEGIN_MS, endMs: BEGIN_MS + 60_000, stepMs: 1_000, lines };
    writeFileSync(join(folder, 'prometheus', 'series', 'host.cpu.json'), JSON.stringify(curve));
    expect(await written()).toContain('CPU of the host</title>');
  });

  it('needs no network and no script, and lets nothing through that would', async () => {
    writeReportEvidence(folder, 'red', (name) => `${HOSTILE}${name}`);
    const page = await written();
    expect(page).not.toMatch(/<script|<img|<link|<iframe|@import|url\((?!#)|<[a-z][^>]*\s(?:src|on\w+|href="(?!#))=/);
    expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;');
  });

  it('is written without curves, and with one that was cut off', async () => {
    writeReportEvidence(folder, 'red');
    rmSync(join(folder, 'prometheus'), { recursive: true });
    expect((await written()).match(/<svg/g)).toHaveLength(1);
    writeReportEvidence(folder, 'red');
    writeFileSync(join(folder, 'prometheus', 'series', curveFile('podBindP99')), '{"name":"pod');
    expect((await written()).match(/<svg/g)).toHaveLength(8);
  });

  it('draws a curve of very many lines, and without one that it cannot draw', async () => {
    writeReportEvidence(folder, 'red');
    const points = Array.from({ length: 600 }, (_, index) => [BEGIN_MS + index * 1_000, index]);
    const series = Array.from({ length: 300 }, (_, index) => ({ labels: { shard: String(index) }, points }));
    const time = { startMs: BEGIN_MS, endMs: BEGIN_MS + 600_000, stepMs: 1_000 };
    const curve = { name: 'podBindP99', ...time, lines: [{ label: 'p99', promql: 'p99', series }] };
    const path = join(folder, 'prometheus', 'series', curveFile('podBindP99'));
    writeFileSync(path, JSON.stringify(curve));
    const page = await written();
    expect(page.match(/<svg/g)).toHaveLength(9);
    expect(page).toContain('and 294 more');

    writeFileSync(path, JSON.stringify(time));
    const without = await written();
    expect(without.match(/<svg/g)).toHaveLength(8);
    expect(without).toContain('This figure could not be drawn: ');
  });

  it('says what is missing to write it', async () => {
    await expect(writeReport(folder)).rejects.toThrow('has no summary.json to report');
  });

  it('marks faults, gaps of the infrastructure and times without CPU on every axis of time', async () => {
    writeReportEvidence(folder, 'red');
    const page = await written();
    const described = [...page.matchAll(/<desc id="([^"]*)">([^<]*)/g)].map(([, id = '', text = '']) => ({ id, text }));
    const overTime = described.filter(({ id }) => !id.startsWith('distribution'));
    expect(overTime).toHaveLength(8);
    for (const { id, text } of overTime) {
      expect(text, id).toContain('Fault 1, fail-node: 03:00:44 to 03:00:54.');
      expect(text, id).toContain('The infrastructure was down: 03:00:39 to 03:00:42.');
      expect(text, id).toMatch(/The host had no CPU left: 03:00:5\d to 03:01:0\d/);
    }
    expect(page.match(/fault 1: fail-node/g)).toHaveLength(8);
    expect(page).toContain('takes out Node node-7; node-7 is NotReady &lt;no heartbeat&gt;; node-7 is Ready');
  });

  it('shows what the histogram of a gate counted, and what is beyond its last bound', async () => {
    writeReportEvidence(folder, 'red');
    const page = await written();
    expect(page).toContain('4 of 400 values (1 %) are beyond the last bound, 8 s. How large they were is not known.');
    expect(page.replaceAll(/\s+/g, ' ')).toContain('<th scope="row">above 8</th> <td class="number">4</td>');
  });

  it('says since when it is so, what changed, and how it is beside the last green run', async () => {
    writeReportEvidence(folder, 'green');
    expect(await written()).not.toContain('What changed');
    writeReportEvidence(folder, 'red');
    expect(await written()).toContain('Over the last 20 comparable runs:');
    await writeReport(folder, { earlier: earlierRuns() });
    const text = readFileSync(join(folder, 'report.html'), 'utf8')
      .replaceAll(/<\/?span[^>]*>/g, '')
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    expect(text).toContain('The first red run after 10 green runs.');
    expect(text).toContain('podBindP99: a &lt;step&gt; of 121 %');
    expect(text).toContain('kube-scheduler 1.36.0 &lt;img&gt; 1.37.2 (sha256 cdcdcdcdcdcd)');
    expect(text).toContain('podBindP99 1.4 s 3.1 s +121 % fail');
    expect(text).toContain('cycleP99 not measured 0.25 s – pass');
  });

  it('is the same when a thread writes it, which leaves the event loop free', async () => {
    vi.stubEnv('BELAY_HOME', join(folder, 'home'));
    const run = join(folder, 'runs', 'one');
    mkdirSync(run, { recursive: true });
    writeReportEvidence(run, 'red');
    const here = readFileSync(await writeRunReport(run), 'utf8');
    expect(here).toContain('No earlier run can be compared with this one.');
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const path = await writeReportInThread(run, new AbortController().signal, mayGoOn);
    clearInterval(timer);
    expect(readFileSync(path, 'utf8')).toBe(here);
    expect(turns).toBeGreaterThan(10);
    vi.unstubAllEnvs();
  });

  it('that a thread cannot write fails with its reason, or with that of the signal', async () => {
    const never = new AbortController();
    await expect(writeReportInThread(folder, never.signal, mayGoOn)).rejects.toThrow('has no summary.json to report');
    writeReportEvidence(folder, 'red');
    // Its worker was frozen meanwhile, and another one has judged the campaign.
    const late = writeReportInThread(folder, never.signal, () => {
      throw new Error('a later attempt has taken over');
    });
    await expect(late).rejects.toThrow('a later attempt has taken over');
    expect(existsSync(join(folder, 'report.html'))).toBe(false);
    const cancelled = writeReportInThread(folder, never.signal, mayGoOn);
    never.abort(new Error('cancelled'));
    await expect(cancelled).rejects.toThrow('cancelled');
  });
});

const browserPath = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((part) => join(part, name)))
  .find(isExecutable);

describe.runIf(browserPath !== undefined)('report.html in a browser', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
    folder = mkdtempSync(join(tmpdir(), 'belay-report-'));
    writeReportEvidence(folder, 'red');
    await writeReport(folder, { earlier: earlierRuns() });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [360, 'dark', 'screen'],
    [1280, 'light', 'screen'],
    [720, 'dark', 'print'],
  ] as const)(
    'at %d px, %s, on %s, without script: nothing is cut off, asked for, or unnamed',
    async (width, colorScheme, media) => {
      const options = { viewport: { width, height: 800 }, colorScheme };
      const context = await browser.newContext({ ...options, javaScriptEnabled: false });
      try {
        const page = await context.newPage();
        await page.emulateMedia({ media });
        const asked: string[] = [];
        page.on('request', (request) => asked.push(request.url()));
        const url = pathToFileURL(join(folder, 'report.html')).href;
        await page.goto(url);
        expect(asked).toEqual([url]);
        // Informational curves are folded away, but not on paper, where nothing can be opened.
        expect(await page.getByRole('img').count()).toBe(media === 'print' ? 9 : 9 - 1);
        await expect(page.getByRole('img', { name: 'podBindP99 over the soak' }).boundingBox()).resolves.not.toBeNull();
        // Everything lies within the page's width.
        for (const box of await Promise.all((await page.locator('.card').all()).map((card) => card.boundingBox()))) {
          if (box !== null) expect(box.x + box.width).toBeLessThanOrEqual(width);
        }
        expect(await page.locator('.banner strong').textContent()).toBe('FAIL');
        expect((await page.screenshot({ fullPage: true })).byteLength).toBeGreaterThan(20_000);
      } finally {
        await context.close();
      }
      if (media === 'screen') expect(await problemsOf(browser, join(folder, 'report.html'), options)).toEqual([]);
    },
  );

  it('the site of all runs is as usable, whatever its runs are called', async () => {
    vi.stubEnv('BELAY_HOME', join(folder, 'home'));
    const runs = join(folder, 'runs');
    for (let day = 0; day < 40; day += 1) {
      const profile = day % 10 === 0 ? HOSTILE : 'dev-50';
      storeRun(runs, `run-${day}`, { profile, startedAtMs: dayMs(day), ...(day % 7 === 0 ? { value: 9 } : {}) });
    }
    // The clock of its host was set back while it ran.
    storeRun(runs, 'set-back', { profile: 'dev-50', startedAtMs: dayMs(41), endedAtMs: dayMs(41) - 3_700_000 });
    const { index, pages } = writeSite({ runs });
    vi.unstubAllEnvs();
    expect(pages).toBe(3);
    expect(readFileSync(index, 'utf8')).not.toMatch(/<script|<img/);
    expect(readFileSync(index, 'utf8')).toContain('>-1 h</span> <span class="whole">1 min</span>');
    for (const page of ['index.html', 'profile-dev-50.html'])
      for (const [width, colorScheme] of [
        [360, 'dark'],
        [1280, 'light'],
      ] as const)
        expect(await problemsOf(browser, join(runs, page), { viewport: { width, height: 800 }, colorScheme })).toEqual(
          [],
        );
  });
});

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
