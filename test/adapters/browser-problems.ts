import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { RunOptions } from 'axe-core';
import type { Browser, Page } from 'playwright-core';

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

/** Width of the text of an A4 page with margins of 15 mm, in CSS pixels. */
const PAPER_WIDTH = 680;

/** Moments, and numbers with a unit, that lie on several lines of the page as it is drawn now. */
const DIVIDED = `(() => {
  const divided = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.parentElement.closest('code, pre, svg, style') !== null) continue;
    for (const match of node.data.matchAll(/\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d|\\d+ (?:%|m?s\\b|min\\b)/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const lines = new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom)));
      if (lines.size > 1) divided.push(match[0]);
    }
  }
  return divided;
})()`;

/**
 * What is wrong with a page, with all its details open: what axe finds serious, a page that is wider than its window or its paper, and
 * moments and quantities that a line break divides. axe must have looked at something.
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
    const onScreen = await dividedOn(page);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ ...options.viewport, width: PAPER_WIDTH });
    const onPaper = await dividedOn(page);
    const paper = Number(await page.evaluate('document.documentElement.scrollWidth'));
    const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    return [
      ...serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`),
      ...(width > options.viewport.width ? [`it is ${width} px wide in a window of ${options.viewport.width} px`] : []),
      ...(paper > PAPER_WIDTH ? [`it is ${paper} px wide on paper of ${PAPER_WIDTH} px`] : []),
      ...onScreen.map((text) => `"${text}" is divided on the screen`),
      ...onPaper.map((text) => `"${text}" is divided on paper`),
      ...(found.passes.length < 10 ? [`axe has looked at ${found.passes.length} rules only`] : []),
    ];
  } finally {
    await context.close();
  }
}

async function dividedOn(page: Page): Promise<readonly string[]> {
  return await page.evaluate<readonly string[]>(DIVIDED);
}
