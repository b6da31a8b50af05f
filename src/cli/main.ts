import { Command, CommanderError } from 'commander';
import { cacheFolder, runsFolder, stateFolder } from '../adapters/host/folders.ts';
import { NotRead } from '../adapters/host/plain-file.ts';
import { tidyEnvironment } from '../adapters/host/tidy-environment.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { rootMessageOf } from '../core/text/message-of.ts';
import { COMMANDS } from './commands.ts';
import { refuseEmptyValues } from './empty-values.ts';
import { guardTerminal } from './guard-terminal.ts';
import { StoppedError } from './stoppable.ts';
import { HarnessError, UsageError } from './usage-error.ts';

/** Names of what Temporal's client throws for a request that a server refuses, or does not answer. */
const TEMPORAL_ERRORS: readonly string[] = ['ServiceError', 'NamespaceNotFoundError', 'WorkflowNotFoundError'];

/**
 * The command line. It loads only the command that was typed: `belay plan` must not wait for Temporal's client. The README
 * documents the exit codes.
 */

async function main(words: readonly string[]): Promise<void> {
  const argv = words[0] === '--version' ? ['version', ...words.slice(1)] : words;
  const program = new Command('belay')
    .description('Scale-test campaigns for Kubernetes as durable Temporal workflows.')
    .usage('<command> [options]')
    .option('--version', 'show the versions of Belay, Node, the SDK and the tools')
    .showHelpAfterError('("./belay --help" lists the commands)')
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', (_, command) => refuseEmptyValues(command))
    .addHelpText('after', '\nStart with:\n  ./belay run profiles/quickstart.yaml\n');
  const typed = argv[0] === 'help' ? argv[1] : argv[0];
  for (const { name, summary, load } of COMMANDS) {
    const command = typed === name ? await load() : new Command(name);
    program.addCommand(command.summary(summary).exitOverride().showHelpAfterError('("--help" lists the options)'));
  }
  if (argv.length === 0) {
    program.outputHelp();
    return;
  }
  await program.parseAsync([...argv], { from: 'user' });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has closed the pipe (`| head`). The command still does its work.
    if (error.code === 'EPIPE') return;
    process.exitCode = EXIT.harnessFault;
    if (stream === process.stdout) console.error(`cannot write the output: ${error.message}`);
  });
}
// Node's own exit code for these is 1, which here means that a gate broke.
process.on('uncaughtException', (error) => process.exit(exitCodeOfError(error)));

guardTerminal();
try {
  tidyEnvironment();
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitCodeOfError(error);
}

/** Prints what went wrong, without a stack trace if the user can fix it. @returns the exit code */
function exitCodeOfError(error: unknown): number {
  // Commander has printed its message already. Help is not an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  if (error instanceof UsageError || error instanceof NotRead) {
    console.error(error.message);
    return EXIT.usage;
  }
  if (error instanceof StoppedError) {
    console.error(`\n${error.message}`);
    return EXIT.aborted;
  }
  if (error instanceof HarnessError) {
    console.error(`${error.message}${error.cause instanceof Error ? whereItWrites(error.cause) : ''}`);
    return EXIT.harnessFault;
  }
  if (error instanceof Error && TEMPORAL_ERRORS.includes(error.name)) {
    console.error(`Temporal refused a request: ${rootMessageOf(error)}\n"./belay doctor" shows what is wrong`);
    return EXIT.harnessFault;
  }
  // The message of a plain Error is enough. A TypeError and the like need their stack trace.
  const expected = error instanceof Error && (error.name === 'Error' || 'code' in error);
  console.error(expected ? `${error.message}${whereItWrites(error)}` : error);
  return EXIT.harnessFault;
}

/** Which variable moves the folder that could not be written to. Empty for any other error. */
function whereItWrites(error: Error): string {
  const { code = '', path = '' } = error as NodeJS.ErrnoException;
  const moves = [
    [stateFolder(), 'BELAY_HOME'],
    [runsFolder(), 'BELAY_RUNS'],
    [cacheFolder(), 'BELAY_CACHE'],
  ] as const;
  const [folder, variable] = moves.find(([each]) => path === each || path.startsWith(`${each}/`)) ?? [];
  if (folder === undefined || !['EACCES', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENOSPC', 'EPERM'].includes(code)) return '';
  return `\nBelay needs write access to ${folder}; set ${variable} to use another folder`;
}
