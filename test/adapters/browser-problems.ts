import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { RunOptions } from 'axe-core';
import type { Browser } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe reports, as far as it is needed. */
interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
  readonly passes: readonly unknown[];
}

/**
 * What is wrong with a page, with all its details open: what axe finds serious, and a page that is wider than its window. axe must have
 * looked at something.
 */
export async function problemsOf(
  browser: Browser,
  path: string,
  options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly colorScheme: 'light' | 'dark';
  },
): Promise<readonly string[]> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(path).href);
    await page.evaluate('document.querySelectorAll("details").forEach((details) => { details.open = true; })');
    await page.addScriptTag({ content: AXE });
    const asked: RunOptions = { resultTypes: ['violations', 'passes'] };
    const found = await page.evaluate<Found>(`axe.run(document, ${JSON.stringify(asked)})`);
    const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
    const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    return [
      ...serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`),
      ...(width > options.viewport.width ? [`it is ${width} px wide in a window of ${options.viewport.width} px`] : []),
      ...(found.passes.length < 10 ? [`axe has looked at ${found.passes.length} rules only`] : []),
    ];
  } finally {
    await context.close();
  }
}
