import { brief } from './completion-words.ts';
import type { CompletedCommand, CompletedOption, Offer } from './completion-model.ts';

/** A script for fish, to be sourced, or kept in a folder for completions as `belay.fish`. */
export function fishScript(commands: readonly CompletedCommand[], root: string): string {
  return `# fish completion for belay. Load it with: ./belay completion fish | source
function __belay_files
    for folder in (string split : -- "$BELAY_PATH") ${quoted(root)}
        for file in $folder/$argv[1]/*.yaml $folder/$argv[1]/*.yml
            string replace -r '\\.ya?ml$' '' (path basename $file)
        end
    end
end

complete -c belay -f
complete -c belay -n __fish_use_subcommand -l help -d ${quoted('show the commands')}
complete -c belay -n __fish_use_subcommand -l version -d ${quoted('show the versions')}
${commands.flatMap((command) => [`complete -c belay -n __fish_use_subcommand -a ${quoted(command.name)} -d ${quoted(brief(command.summary))}`, ...commandLines(command, `__fish_seen_subcommand_from ${command.name}`)]).join('\n')}
`;
}

function commandLines(command: CompletedCommand, when: string): readonly string[] {
  const { subcommands } = command;
  const names = subcommands.map(({ name }) => name).join(' ');
  const inner = subcommands.flatMap((each) => [
    `complete -c belay -n ${quoted(`${when}; and not __fish_seen_subcommand_from ${names}`)} -a ${quoted(each.name)} -d ${quoted(brief(each.summary))}`,
    ...commandLines(each, `${when}; and __fish_seen_subcommand_from ${each.name}`),
  ]);
  const condition = `complete -c belay -n ${quoted(when)}`;
  const argument = command.argument.kind === 'nothing' ? [] : [`${condition} ${offer(command.argument)}`];
  return [...inner, ...command.options.map((option) => optionLine(condition, option)), ...argument];
}

function optionLine(condition: string, { flags, description, value }: CompletedOption): string {
  const words = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const taken =
    value === undefined
      ? ''
      : value.kind === 'nothing'
        ? ' -x'
        : ` ${value.kind === 'words' ? '-x' : '-r'} ${offer(value)}`;
  return `${condition} ${words.join(' ')}${taken} -d ${quoted(brief(description))}`;
}

function offer(what: Offer): string {
  switch (what.kind) {
    case 'words':
      return `-a ${quoted(what.words.join(' '))}`;
    case 'files':
      return `-F -a ${quoted(`(__belay_files ${what.folder})`)}`;
    case 'paths':
      return '-F';
    case 'nothing':
      return '';
  }
}

/** A text in single quotes, in which fish knows two escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
