import { execa } from 'execa';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { TOOLS } from '../../src/adapters/toolchain/tools.ts';
import { built } from '../adapters/built-tool.ts';

const folder = join(repositoryFolder, 'deploy', 'prometheus');
const MODULE = 'github.com/prometheus/prometheus';
/** From nothing it takes three and a half minutes of CPU to build. */
const BUILD_MS = 900_000;

async function promtool(...args: readonly string[]): Promise<string> {
  const { tags = '' } = TOOLS.prometheus;
  const program = await built({ in: '', name: 'promtool', module: MODULE, package: `${MODULE}/cmd/promtool`, tags });
  const { all, exitCode } = await execa(program, args, { cwd: folder, all: true, reject: false });
  return `${exitCode} ${all}`;
}

test(
  'promtool accepts the alert rules, and their cases come out',
  async () => {
    expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', 'belay-rules.yaml')).toMatch(
      /^0 [^]*7 rules found/,
    );
    expect(await promtool('test', 'rules', 'belay-rules.test.yaml')).toMatch(/^0 [^]*SUCCESS/);
  },
  BUILD_MS,
);
