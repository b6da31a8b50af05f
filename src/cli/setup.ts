import { Command } from 'commander';
import { QUICKSTART_TOOLS, TOOLS, TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { getTools } from './get-tools.ts';

/** `belay setup`: gets tools ahead of time, so that later runs work offline. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('Get the tools of the quickstart, or all of them, so that later runs start at once and work offline.')
    .option('--all', 'also get the tools that only some profiles need: karpenter, kubectl, helm')
    .action(async (options: { readonly all?: boolean }) => {
      const found = await getTools(options.all === true ? TOOL_NAMES : QUICKSTART_TOOLS);
      for (const { name, path } of found.values()) process.stdout.write(`${name} ${TOOLS[name].version}  ${path}\n`);
    });
}
