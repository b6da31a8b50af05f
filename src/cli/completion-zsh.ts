import { brief, quoted, withSubcommands } from './completion-words.ts';
import type { CompletedCommand, CompletedOption, Offer } from './completion-model.ts';

/** A script for zsh, to be sourced after `compinit`, or kept as `_belay` in a folder of `fpath`. */
export function zshScript(commands: readonly CompletedCommand[], root: string): string {
  const all = withSubcommands(commands);
  return `#compdef belay
# zsh completion for belay. Load it after compinit with: source <(./belay completion zsh)
_belay_files() {
  local -a folders names
  folders=(\${(s.:.)BELAY_PATH} ${quoted(root)})
  names=(\${^folders}/$1/*.(yaml|yml)(N:t:r))
  compadd -a names
  _files
}

${all.map(({ path, command }) => commandFunction(path, command)).join('\n\n')}

_belay() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${brief(summary)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=_belay_$words[2]
  (( $+functions[$name] )) || return 1
  shift words
  (( CURRENT-- ))
  $name
}

if [ "$funcstack[1]" = _belay ]; then _belay "$@"; else compdef _belay belay; fi
`;
}

function commandFunction(path: string, { options, argument, subcommands }: CompletedCommand): string {
  const name = functionOf(path);
  if (subcommands.length > 0) {
    return `${name}() {
  local -a commands
  commands=(
${subcommands.map((each) => `    ${quoted(`${each.name}:${brief(each.summary)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=${name}_$words[2]
  (( $+functions[$name] )) || return 1
  shift words
  (( CURRENT-- ))
  $name
}`;
  }
  const specs = [
    ...options.flatMap(optionSpecs),
    ...(argument.kind === 'nothing' ? [] : [`1:argument:${action(argument)}`]),
  ];
  return `${name}() {
  _arguments -s ${specs.map((spec) => `\\\n    ${quoted(spec)}`).join(' ')}
}`;
}

function optionSpecs({ flags, description, value }: CompletedOption): readonly string[] {
  // Brackets and colons have a meaning in a specification.
  const text = brief(description).replaceAll(/([[\]:\\])/g, '\\$1');
  return flags.map((flag) => `*${flag}[${text}]${value === undefined ? '' : `:value:${action(value)}`}`);
}

function action(what: Offer): string {
  switch (what.kind) {
    case 'words':
      return `(${what.words.join(' ')})`;
    case 'files':
      // After a space, zsh calls it with these words only.
      return ` _belay_files ${what.folder}`;
    case 'paths':
      return '_files';
    case 'nothing':
      return ' ';
  }
}

function functionOf(path: string): string {
  return `_belay_${path.replaceAll(' ', '_')}`;
}
