import { Command } from 'commander';
import { repositoryFolder } from '../adapters/host/folders.ts';
import { bashScript } from './completion-bash.ts';
import { fishScript } from './completion-fish.ts';
import { completedCommand } from './completion-model.ts';
import { zshScript } from './completion-zsh.ts';
import { oneOf } from './options.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** A command of the command line, and how it is loaded. */
interface LoadedCommand {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** `belay completion`: a script that completes Belay's command line in a shell. */
export function completionCommand(commands: readonly LoadedCommand[]): Command {
  return new Command('completion')
    .description(
      'Print a script that completes commands, options, and names of profiles, substrates and ladders. Load it with "source <(./belay completion bash)", or "./belay completion fish | source".',
    )
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (typed: string) => {
      const shell = oneOf('shell', typed, ['bash', 'zsh', 'fish']);
      const completed = await Promise.all(
        commands.map(async ({ load, summary }) => completedCommand(await load(), summary)),
      );
      process.stdout.write(SCRIPTS[shell](completed, repositoryFolder));
    });
}
