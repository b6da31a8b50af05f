import type { CompletedCommand } from './completion-model.ts';

/** A command with the words that lead to it: `schedule apply`. */
export interface CommandPath {
  readonly path: string;
  readonly command: CompletedCommand;
}

/** Every command and subcommand. */
export function withSubcommands(commands: readonly CompletedCommand[], parent = ''): readonly CommandPath[] {
  return commands.flatMap((command) => {
    const path = parent === '' ? command.name : `${parent} ${command.name}`;
    return [{ path, command }, ...withSubcommands(command.subcommands, path)];
  });
}

/** A text in single quotes, for bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The first sentence of a description, in one line. */
export function brief(text: string): string {
  return (/^.*?(?:;(?= )|\.(?= [A-Z]|$))/.exec(text.replaceAll(/\s+/g, ' '))?.[0] ?? text)
    .replace(/[.;]$/, '')
    .slice(0, 100);
}
