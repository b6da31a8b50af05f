import { Command, CommanderError } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { cacheFolder, runsFolder, stateFolder } from '../adapters/host/folders.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { HarnessError, UsageError } from './usage-error.ts';

/**
 * The command line. Only the command that was typed is loaded: `belay plan` must not wait for Temporal's client. Exit codes
 * are documented in the README.
 */

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'run',
    summary: 'run a campaign and print its verdict',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'watch',
    summary: 'show a campaign that is under way, to its end',
    load: async () => (await import('./watch.ts')).watchCommand(),
  },
  {
    name: 'status',
    summary: 'list campaigns: what runs, what holds, how the last ones ended',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  {
    name: 'retry',
    summary: 'answer a hold: run the failed stage again on what stands',
    load: async () => (await import('./decide.ts')).decideCommand('retry'),
  },
  {
    name: 'skip',
    summary: 'answer a hold: go on without the failed stage',
    load: async () => (await import('./decide.ts')).decideCommand('skip'),
  },
  {
    name: 'abort',
    summary: 'answer a hold, or stop a campaign: evidence, verdict, teardown',
    load: async () => (await import('./decide.ts')).decideCommand('abort'),
  },
  {
    name: 'climb',
    summary: 'run the rungs of a ladder until the first that is not green',
    load: async () => (await import('./climb.ts')).climbCommand(),
  },
  {
    name: 'schedule',
    summary: 'climb a ladder every night',
    load: async () => (await import('./schedule.ts')).scheduleCommand(),
  },
  {
    name: 'plan',
    summary: 'what a profile means in Pods, clusters, cost and deadlines',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  {
    name: 'judge',
    summary: 'judge a stored summary again, without a cluster',
    load: async () => (await import('./judge.ts')).judgeCommand(),
  },
  {
    name: 'convert',
    summary: 'make a profile of today of a legacy one',
    load: async () => (await import('./convert.ts')).convertCommand(),
  },
  {
    name: 'up',
    summary: 'start Temporal and a worker, kept until "down"',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  {
    name: 'down',
    summary: 'stop the worker and Temporal',
    load: async () => (await import('./down.ts')).downCommand(),
  },
  {
    name: 'worker',
    summary: 'run a worker in the foreground',
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  {
    name: 'doctor',
    summary: 'what is there, what is missing, and the fix',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  {
    name: 'setup',
    summary: "get tools ahead of time: the quickstart's, or all",
    load: async () => (await import('./setup.ts')).setupCommand(),
  },
  { name: 'test', summary: "run Belay's own tests", load: async () => (await import('./test.ts')).testCommand() },
];

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('belay')
    .description('Scale-test campaigns for Kubernetes as durable Temporal workflows.')
    .usage('<command> [options]')
    .version(`belay ${packageFile.version}`, '--version', 'show the version')
    .showHelpAfterError('(belay --help lists the commands)')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', '\nBegin with:\n  ./belay run profiles/quickstart.yaml\n');
  const typed = argv[0] === 'help' ? argv[1] : argv[0];
  for (const { name, summary, load } of COMMANDS) {
    const command = typed === name ? await load() : new Command(name);
    program.addCommand(command.summary(summary).exitOverride().showHelpAfterError('(--help lists the options)'));
  }
  if (argv.length === 0) {
    program.outputHelp();
    return;
  }
  await program.parseAsync([...argv], { from: 'user' });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read along has seen enough (`| head`); what was asked for is done all the same.
    if (error.code === 'EPIPE') return;
    process.exitCode = EXIT.harnessFault;
    if (stream === process.stdout) console.error(`the output cannot be written: ${error.message}`);
  });
}
// Node's own code for these is 1, which here means that a gate broke.
process.on('uncaughtException', (error) => process.exit(exitCodeOfError(error)));

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitCodeOfError(error);
}

/** Says what went wrong, without a stack where a person can mend it, and gives the exit code. */
function exitCodeOfError(error: unknown): number {
  // Commander has said its piece already; help that was asked for is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  if (error instanceof UsageError) {
    console.error(error.message);
    return EXIT.usage;
  }
  if (error instanceof HarnessError) {
    console.error(error.message);
    return EXIT.harnessFault;
  }
  // A plain Error says what happened; of a TypeError and its like the place is needed.
  const expected = error instanceof Error && (error.name === 'Error' || 'code' in error);
  console.error(expected ? `${error.message}${whereItWrites(error)}` : error);
  return EXIT.harnessFault;
}

/** Where Belay writes, for an error that comes of not being able to. */
function whereItWrites(error: Error): string {
  const { code = '', path = '' } = error as NodeJS.ErrnoException;
  const moves = [
    [stateFolder(), 'BELAY_HOME'],
    [runsFolder(), 'BELAY_RUNS'],
    [cacheFolder(), 'BELAY_CACHE'],
  ] as const;
  const [folder, variable] = moves.find(([each]) => path === each || path.startsWith(`${each}/`)) ?? [];
  if (folder === undefined || !['EACCES', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENOSPC', 'EPERM'].includes(code)) return '';
  return `\nBelay must be able to write to ${folder}; ${variable} names another folder`;
}
