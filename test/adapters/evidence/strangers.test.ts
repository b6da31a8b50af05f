import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { foreignMarkup } from '../../../src/adapters/evidence/report/foreign-markup.ts';
import { writeReport } from '../../../src/adapters/evidence/report.ts';
import { fileOfProfile } from '../../../src/adapters/reports/site-pages.ts';
import { writeSite } from '../../../src/adapters/reports/site.ts';
import { storeRun } from '../index/stored-runs.ts';
import { writeReportEvidence } from './report-bench.ts';

/** Names and answers that a stranger has chosen, in every page that is written of them. */

/** Ends the markup and the script around it, and has what a terminal or a reader takes for something else. */
const EVIL = `"'><evil-tag onload=a></style></svg></title><!--]]>{{x}}$&$1zr0-a\u2028\u202E\u001B[2J\0`;
const MARKUP = /<evil|<script|<[a-z][^<>"']*\son\w+=/;
const UNSEEN = /(?![\t\n\r])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-strangers-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('are text in a report, in its charts too', async () => {
  writeReportEvidence(folder, 'red', (name) => `${name}${EVIL}`);
  // Stages of another version are shown by the name that it has for them.
  const path = join(folder, 'summary.json');
  const summary = JSON.parse(readFileSync(path, 'utf8')) as { readonly stages: readonly { readonly stage: string }[] };
  const stages = summary.stages.map((one) => ({ ...one, stage: `${one.stage}\u202E\u001B<evil-tag>` }));
  writeFileSync(path, JSON.stringify({ ...summary, stages }));
  const page = readFileSync(await writeReport(folder), 'utf8');
  expect(page.match(/<svg/g)?.length).toBeGreaterThan(3);
  expect(page).toMatch(/<text[^>]*>resolve\\u202e\uFFFD&lt;evil-tag&gt;/);
  expect(page).not.toMatch(MARKUP);
  expect(page).not.toMatch(UNSEEN);
  expect(foreignMarkup(Buffer.from(page))).toBeUndefined();
});

test('are text in the site, and give its pages names that a disk takes', () => {
  const runs = join(folder, 'runs');
  const profiles = [EVIL, 'x'.repeat(100_000), `${'x'.repeat(100_000)}y`, 'dev-50'];
  for (const [index, profile] of profiles.entries()) storeRun(runs, `run-${index}`, { profile });
  const site = writeSite({ runs });
  expect(site).toMatchObject({ pages: 5, runs: 4 });
  const files = profiles.map((profile) => fileOfProfile(profile, 1));
  expect(new Set(files).size).toBe(4);
  for (const file of [basename(site.index), ...files]) {
    expect(file).toMatch(/^[\w.-]{1,200}$/);
    const page = readFileSync(join(runs, file), 'utf8');
    expect(page).not.toMatch(MARKUP);
    expect(page).not.toMatch(UNSEEN);
  }
});
