import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { refuseEmptyValues } from '../../src/cli/empty-values.ts';

/** Commands with arguments of their own, each with the words that call it. */
async function leaves(): Promise<readonly (readonly [readonly string[], Command])[]> {
  const all = await Promise.all(COMMANDS.map(async ({ name, load }) => [name, await load()] as const));
  return all.flatMap(([name, command]): (readonly [readonly string[], Command])[] =>
    command.commands.length === 0
      ? [[[name], command]]
      : command.commands.map((inner) => [[name, inner.name()], inner]),
  );
}

/** Parses words as the command line does, with a command that does nothing. */
async function parse(words: readonly string[]): Promise<void> {
  const [name, inner] = words;
  const loaded = await COMMANDS.find((command) => command.name === name)?.load();
  if (loaded === undefined) throw new Error(`no command ${name}`);
  const target = loaded.commands.find((command) => command.name() === inner) ?? loaded;
  target.action(() => {});
  const program = new Command('belay').hook('preAction', (_, command) => refuseEmptyValues(command));
  await program.addCommand(loaded.exitOverride()).parseAsync([...words], { from: 'user' });
}

describe('an empty value is refused with its name', async () => {
  const commands = await leaves();
  const values = commands.flatMap(([words, { registeredArguments, options }]) => {
    const all = registeredArguments.filter(({ required }) => required).map(() => 'x');
    const ofArguments = registeredArguments.map((argument, index) => {
      const before = registeredArguments.slice(0, index).map(() => 'x');
      const after = all.slice(index + 1);
      return { words: [...words, ...before, '', ...after], named: argument.name() };
    });
    const ofOptions = options
      .filter(({ required, long }) => required && long !== undefined && !['--reason', '--note', '--id'].includes(long))
      .map(({ long = '' }) => ({ words: [...words, ...all, long, ' '], named: long }));
    return [...ofArguments, ...ofOptions];
  });

  it.each(values)('$words', async ({ words, named }) => {
    await expect(parse(words)).rejects.toThrow(`${named}: found "`);
  });

  it('but texts for people may be empty', async () => {
    await parse(['retry', 'x', '--reason', '']);
    await parse(['schedule', 'pause', 'nightly', '--note', '']);
  });
});
