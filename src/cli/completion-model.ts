import type { Argument, Command, Option } from 'commander';

/** What a shell offers for a word: fixed words, names of Belay's files, or paths. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files'; readonly folder: 'profiles' | 'substrates' | 'ladders' }
  | { readonly kind: 'paths' }
  | { readonly kind: 'nothing' };

/** An option as a shell completes it. */
export interface CompletedOption {
  /** `-o` and `--output`, those that there are. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Undefined = the option takes no value. */
  readonly value: Offer | undefined;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** For its first argument. */
  readonly argument: Offer;
  readonly subcommands: readonly CompletedCommand[];
}

const NOTHING: Offer = { kind: 'nothing' };

/** What is offered for arguments, by their names in the help. */
const ARGUMENTS: Readonly<Record<string, Offer>> = {
  profile: { kind: 'files', folder: 'profiles' },
  ladder: { kind: 'files', folder: 'ladders' },
  summary: { kind: 'paths' },
  legacy: { kind: 'paths' },
  filters: { kind: 'paths' },
  shell: { kind: 'words', words: ['bash', 'zsh', 'fish'] },
};

/** What is offered for values of options. */
const VALUES: Readonly<Record<string, Offer>> = {
  '--profile': { kind: 'files', folder: 'profiles' },
  '--substrate': { kind: 'files', folder: 'substrates' },
  '--rules': { kind: 'words', words: ['bigfleet', 'belay', 'both'] },
  '--kubeconfig': { kind: 'paths' },
};

/** A command, by what it says about itself. */
export function completedCommand(command: Command, summary: string): CompletedCommand {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    summary,
    options: [...command.options.map(completedOption), HELP],
    argument: offerOf(argument),
    subcommands: command.commands.map((each) => completedCommand(each, each.description())),
  };
}

const HELP: CompletedOption = {
  flags: ['-h', '--help'],
  description: 'show the help of the command',
  value: undefined,
};

function completedOption(option: Option): CompletedOption {
  const { short, long, description } = option;
  const flags = [short, long].filter((flag) => flag !== undefined);
  return { flags, description, value: option.required || option.optional ? valueOf(option) : undefined };
}

function valueOf({ long, description, flags }: Option): Offer {
  if (long === '--output') {
    const [, words] = /^(\w+ or \w+)$/.exec(description) ?? [];
    return words === undefined ? { kind: 'paths' } : { kind: 'words', words: words.split(' or ') };
  }
  if (/<(?:file|path|folder)>/.test(flags)) return { kind: 'paths' };
  return VALUES[long ?? ''] ?? NOTHING;
}

function offerOf(argument: Argument | undefined): Offer {
  return argument === undefined ? NOTHING : (ARGUMENTS[argument.name()] ?? NOTHING);
}
