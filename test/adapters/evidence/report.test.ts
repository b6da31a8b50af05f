import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UNTROUBLED } from '../../../src/core/plan/observation.ts';
import { summaryInFolder, writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import { writeReport } from '../../../src/adapters/evidence/report.ts';
import { writeReportInThread } from '../../../src/adapters/evidence/write-report-in-thread.ts';
import { curveFile } from '../../../src/adapters/evidence/series.ts';
import { BEGIN_MS } from './fixture.ts';
import { writeReportEvidence } from './report-bench.ts';

const HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(1)</script>&\'';

describe('report.html', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'belay-report-'));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  const written = async (): Promise<string> => readFileSync(await writeReport(folder), 'utf8');

  it('begins with the verdict and why', async () => {
    writeReportEvidence(folder, 'red');
    const red = await written();
    expect(red).toMatch(
      /<strong>FAIL<\/strong>\s*<p>podBindP99 = 3.1 s, 1.1 s \(55 %\) over its bar of at most 2 s<\/p>/,
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
    expect(page.match(/<svg role="img"/g)).toHaveLength(8);
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
    expect((await written()).match(/<svg/g)).toHaveLength(7);
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
    expect(page.match(/<svg/g)).toHaveLength(8);
    expect(page).toContain('and 294 more');

    writeFileSync(path, JSON.stringify(time));
    const without = await written();
    expect(without.match(/<svg/g)).toHaveLength(7);
    expect(without).toContain('This figure could not be drawn: ');
  });

  it('says what is missing to write it', async () => {
    await expect(writeReport(folder)).rejects.toThrow('has no summary.json to report');
  });

  it('is the same when a thread writes it, which leaves the event loop free', async () => {
    writeReportEvidence(folder, 'red');
    const here = await written();
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const path = await writeReportInThread(folder, new AbortController().signal);
    clearInterval(timer);
    expect(readFileSync(path, 'utf8')).toBe(here);
    expect(turns).toBeGreaterThan(10);
  });

  it('that a thread cannot write fails with its reason, or with that of the signal', async () => {
    const never = new AbortController();
    await expect(writeReportInThread(folder, never.signal)).rejects.toThrow('has no summary.json to report');
    writeReportEvidence(folder, 'red');
    const cancelled = writeReportInThread(folder, never.signal);
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
    await writeReport(folder);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('at %d px, %s, without script: nothing is cut off, asked for, or unnamed', async (width, colorScheme) => {
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      javaScriptEnabled: false,
    });
    try {
      const page = await context.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      const url = pathToFileURL(join(folder, 'report.html')).href;
      await page.goto(url);
      expect(asked).toEqual([url]);
      expect(await page.getByRole('img').count()).toBe(8 - 1);
      await expect(page.getByRole('img', { name: 'podBindP99 over the soak' }).boundingBox()).resolves.not.toBeNull();
      expect(await page.getByRole('columnheader').count()).toBe(6);
      expect(await page.getByRole('rowheader').count()).toBeGreaterThanOrEqual(7);
      // Everything lies within the page's width.
      for (const box of await Promise.all((await page.locator('.card').all()).map((card) => card.boundingBox()))) {
        if (box !== null) expect(box.x + box.width).toBeLessThanOrEqual(width);
      }
      const banner = page.locator('.banner strong');
      expect(await banner.textContent()).toBe('FAIL');
      expect((await page.screenshot({ fullPage: true })).byteLength).toBeGreaterThan(20_000);
    } finally {
      await context.close();
    }
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
