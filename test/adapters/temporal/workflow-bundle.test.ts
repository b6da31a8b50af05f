import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workflowBundlePath } from '../../../src/adapters/temporal/workflow-bundle.ts';

test('the bundle takes little memory: it is ASCII, and its source map has no sources', async () => {
  const code = readFileSync(await workflowBundlePath(), 'utf8');
  expect(code).toMatch(/^[\0-\x7f]+$/);
  const map = /\/\/# sourceMappingURL=data:.*?base64,([\w+/=]+)\s*$/.exec(code)?.[1] ?? '';
  const { sources, sourcesContent } = JSON.parse(Buffer.from(map, 'base64').toString()) as Record<string, unknown>;
  expect(sources).toContainEqual(expect.stringContaining('src/workflows/campaign.ts'));
  expect(sourcesContent).toBeUndefined();
});
