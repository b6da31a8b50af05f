import { Command, CommanderError } from 'commander';
import { EXIT } from '../core/campaign/exit-codes.ts';
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
    summary: 'get every tool ahead of time',
    load: async () => (await import('./setup.ts')).setupCommand(),
  },
  { name: 'test', summary: "run Belay's own tests", load: async () => (await import('./test.ts')).testCommand() },
];

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('belay')
    .description('Scale-test campaigns for Kubernetes as durable Temporal workflows.')
    .usage('<command> [options]')
    .showHelpAfterError('(belay --help lists the commands)')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', '\nBegin with:\n  ./belay run profiles/quickstart.yaml\n');
  for (const { name, summary, load } of COMMANDS) {
    const command = argv[0] === name ? await load() : new Command(name);
    program.addCommand(command.summary(summary).exitOverride().showHelpAfterError('(--help lists the options)'));
  }
  if (argv.length === 0) {
    program.outputHelp();
    return;
  }
  await program.parseAsync([...argv], { from: 'user' });
}

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
  console.error(error);
  return EXIT.harnessFault;
}
