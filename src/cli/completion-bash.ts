import { quoted, withSubcommands } from './completion-words.ts';
import type { CompletedCommand, Offer } from './completion-model.ts';

/** A script for bash, to be sourced. `root` is the checkout. */
export function bashScript(commands: readonly CompletedCommand[], root: string): string {
  const all = withSubcommands(commands);
  return `# bash completion for belay. Load it with: source <(./belay completion bash)
_belay_files() {
  local folder file name IFS=:
  for folder in \${BELAY_PATH:-} ${quoted(root)}; do
    for file in "$folder/$1"/*.yaml "$folder/$1"/*.yml; do
      [ -e "$file" ] || continue
      name=\${file##*/}
      printf '%s\\n' "\${name%.y*ml}"
    done
  done
}

# compgen -W would expand what is in a name of a file.
_belay_take() {
  local line
  while IFS= read -r line; do
    [[ $line != "$word"* ]] || COMPREPLY+=("$line")
  done
}

_belay_offer() {
  case $1 in
    files) _belay_take < <(_belay_files "$2"; compgen -f -- "$word") ;;
    words) _belay_take <<<"$2" ;;
    paths) _belay_take < <(compgen -f -- "$word") ;;
  esac
}

_belay() {
  local word=\${COMP_WORDS[COMP_CWORD]} before='' path='' count=0 index at skip=0
  COMPREPLY=()
  [ "$COMP_CWORD" -eq 0 ] || before=\${COMP_WORDS[COMP_CWORD-1]}
  # The equals sign of --option=value is a word of its own.
  if [ "$word" = = ]; then word=''; elif [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    at=\${COMP_WORDS[index]}
    if [ "$skip" = 1 ]; then skip=0; continue; fi
    case "$path:$at" in
${all.flatMap(({ path, command }) => takers(path, command).map((pattern) => `      ${pattern}) skip=1 ;;`)).join('\n')}
      *:-* | *:=) ;;
      *)
        case "$path $at" in
${all.map(({ path }) => `          ${quoted(` ${path}`)}) path=${quoted(path)}; count=0 ;;`).join('\n')}
${all
  .filter(({ path }) => path.includes(' '))
  .map(({ path }) => `          ${quoted(path)}) path=${quoted(path)}; count=0 ;;`)
  .join('\n')}
          *) count=$((count + 1)) ;;
        esac
        ;;
    esac
  done
  case "$path:$before" in
${all.flatMap(({ path, command }) => values(path, command)).join('\n')}
  esac
  case "$path" in
    '') _belay_offer words ${words([...commands.map(({ name }) => name), '--help', '--version'])} ;;
${all.map(({ path, command }) => `    ${quoted(path)}) ${branch(command)} ;;`).join('\n')}
  esac
}

complete -o filenames -F _belay belay
`;
}

/** Patterns of a command's options that take a value. */
function takers(path: string, { options }: CompletedCommand): readonly string[] {
  const flags = options.filter(({ value }) => value !== undefined).flatMap((option) => option.flags);
  return flags.length === 0 ? [] : [flags.map((flag) => quoted(`${path}:${flag}`)).join(' | ')];
}

function values(path: string, { options }: CompletedCommand): readonly string[] {
  return options.flatMap(({ flags, value }) =>
    value === undefined
      ? []
      : [`    ${flags.map((flag) => quoted(`${path}:${flag}`)).join(' | ')}) ${offer(value)}; return ;;`],
  );
}

function branch({ options, argument, subcommands }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags);
  if (subcommands.length > 0) return `_belay_offer words ${words(subcommands.map(({ name }) => name))}`;
  return `case $word in -*) _belay_offer words ${words(flags)} ;; *) [ "$count" -gt 0 ] || ${offer(argument)} ;; esac`;
}

function offer(what: Offer): string {
  switch (what.kind) {
    case 'words':
      return `_belay_offer words ${words(what.words)}`;
    case 'files':
      return `_belay_offer files ${what.folder}`;
    case 'paths':
      return '_belay_offer paths';
    case 'nothing':
      return ':';
  }
}

/** Words, one per line: the lists of bash are split at line ends. */
function words(list: readonly string[]): string {
  return `$'${list.join('\\n')}'`;
}
