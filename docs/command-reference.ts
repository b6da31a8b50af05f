import type { Argument, Command, Option } from 'commander';

/** A command as Markdown: usage, arguments, options, and its subcommands below. */
export function commandSection(command: Command, parent = 'belay'): string {
  const name = `${parent} ${command.name()}`;
  const usage = [
    name,
    ...command.registeredArguments.map(argumentText),
    ...(command.commands.length > 0 ? ['<command>'] : []),
  ];
  return [
    `${parent === 'belay' ? '##' : '###'} ${name}`,
    '',
    command.description(),
    '',
    `    ./${usage.join(' ')} [options]`,
    '',
    ...argumentTable(command.registeredArguments),
    ...optionTable(command.options),
    ...command.commands.map((child) => commandSection(child, name)),
  ].join('\n');
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentTable(list: readonly Argument[]): readonly string[] {
  const described = list.filter(({ description }) => description !== '');
  if (described.length === 0) return [];
  const rows = described.map((argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |`);
  return ['| argument | meaning |', '|---|---|', ...rows, ''];
}

function optionTable(options: readonly Option[]): readonly string[] {
  if (options.length === 0) return [];
  const rows = options.map(({ flags, description, defaultValue }) => {
    const preset: unknown = defaultValue;
    const shown =
      preset === undefined || (Array.isArray(preset) && preset.length === 0)
        ? ''
        : `\`${typeof preset === 'string' ? preset : JSON.stringify(preset)}\``;
    return `| \`${cell(flags)}\` | ${shown} | ${cell(description)} |`;
  });
  return ['| option | default | meaning |', '|---|---|---|', ...rows, ''];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
