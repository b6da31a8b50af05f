import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium of this machine; undefined where none is installed. */
export const CHROMIUM: string | undefined = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin']
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isExecutable);

/** Quiet, and no traffic of its own: what it asks for is what the test asks for. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Opens a page in a browser that keeps nothing: its home and its temporary files go with it. */
export async function withPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'belay-chromium-'));
  const browser = await chromium.launch({
    executablePath: CHROMIUM ?? 'chromium',
    args: ARGS,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1_400, height: 1_300 }, timezoneId: 'UTC' });
    page.setDefaultTimeout(20_000);
    return await use(page);
  } finally {
    await browser.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
