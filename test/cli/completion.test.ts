import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { completionCommand } from '../../src/cli/completion.ts';
import { runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-completion-'));
const scripts = new Map<string, string>();

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const file = join(folder, shell);
    const { stdout } = await runCommand(completionCommand(COMMANDS), [shell]);
    writeFileSync(file, stdout);
    scripts.set(shell, file);
  }
  for (const kind of ['profiles', 'substrates']) mkdirSync(join(folder, 'own', kind), { recursive: true });
  writeFileSync(join(folder, 'own', 'profiles', 'mine.yaml'), '');
  writeFileSync(join(folder, 'own', 'profiles', '$(touch made).yaml'), '');
  writeFileSync(join(folder, 'own', 'substrates', 'ours.yml'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What bash offers for a line that ends in `|`, with the script loaded as a user loads it. */
async function offered(line: string): Promise<readonly string[]> {
  const words = line.split(' ');
  const { stdout } = await execa(
    'bash',
    [
      '--norc',
      '-c',
      `source "$0" && complete -p belay >&2 && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _belay && printf '%s\\n' "\${COMPREPLY[@]}"`,
      scripts.get('bash') ?? '',
      ...words,
    ],
    { cwd: folder, env: { BELAY_PATH: join(folder, 'own') } },
  );
  return stdout.split('\n').filter((word) => word !== '');
}

describe('the completion of bash', () => {
  it.each<[line: string, offers: readonly string[], not: readonly string[]]>([
    ['belay ', COMMANDS.map(({ name }) => name), ['quickstart']],
    ['./belay st', ['status'], ['run']],
    ['belay run q', ['quickstart'], ['run', 'status']],
    ['belay run ', ['quickstart', 'mine', '$(touch made)'], ['local']],
    ['belay run -', ['-s', '--substrate', '--set', '--hold', '--help'], ['quickstart']],
    ['belay run -s ', ['local', 'ours'], ['quickstart', '--set']],
    ['belay run --substrate = o', ['ours'], ['local']],
    ['belay run --hold 5m qui', ['quickstart'], []],
    ['belay status -o ', ['table', 'json'], []],
    ['belay plan quickstart ', [], ['quickstart']],
    ['belay schedule ', ['apply', 'list', 'delete'], ['nightly']],
    ['belay schedule apply ', ['nightly'], ['apply']],
    ['belay judge --rules b', ['bigfleet', 'belay', 'both'], []],
    ['belay completion ', ['bash', 'zsh', 'fish'], []],
  ])('%j', async (line, offers, not) => {
    const words = await offered(line);
    expect(words).toEqual(expect.arrayContaining([...offers]));
    expect(words.filter((word) => not.includes(word))).toEqual([]);
    if (offers.length === 0) expect(words).toEqual([]);
  });

  it('expands nothing that is in the name of a file', async () => {
    await offered('belay run ');
    expect((await execa('ls', [folder])).stdout).not.toContain('made');
  });
});

describe.each(['zsh', 'fish'])('the completion of %s', (shell) => {
  it('is read by the shell, where there is one, and has every command', async ({ skip }) => {
    const file = scripts.get(shell) ?? '';
    const { stdout: text } = await execa('cat', [file]);
    for (const { name } of COMMANDS) expect(text).toContain(name);
    const there = await execa('sh', ['-c', `command -v ${shell}`], { reject: false });
    if (there.exitCode !== 0) skip();
    const loaded = await execa(
      shell,
      shell === 'zsh'
        ? ['-fc', 'autoload -Uz compinit; compinit -D; source $0', file]
        : ['--no-config', '-c', `source ${file}`],
      { reject: false },
    );
    expect({ exitCode: loaded.exitCode, stderr: loaded.stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});
