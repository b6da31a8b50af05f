import type { Command } from 'commander';

/** A command, as `belay --help` lists it. Its code is loaded only when it is typed. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of `belay --help`. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'run',
    summary: 'run a campaign and print its verdict',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'watch',
    summary: 'follow a running campaign to its end',
    load: async () => (await import('./watch.ts')).watchCommand(),
  },
  {
    name: 'status',
    summary: 'list campaigns: running, holding, ended',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  {
    name: 'retry',
    summary: 'answer a hold: run the failed stage again on the same clusters',
    load: async () => (await import('./decide.ts')).decideCommand('retry'),
  },
  {
    name: 'skip',
    summary: 'answer a hold: continue without the failed stage',
    load: async () => (await import('./decide.ts')).decideCommand('skip'),
  },
  {
    name: 'abort',
    summary: 'end a hold or stop a campaign: evidence, verdict, teardown',
    load: async () => (await import('./decide.ts')).decideCommand('abort'),
  },
  {
    name: 'climb',
    summary: 'run the rungs of a ladder until one is not green',
    load: async () => (await import('./climb.ts')).climbCommand(),
  },
  {
    name: 'schedule',
    summary: 'climb a ladder at set times',
    load: async () => (await import('./schedule.ts')).scheduleCommand(),
  },
  {
    name: 'plan',
    summary: 'show the Pods, clusters, cost and deadlines of a profile',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  {
    name: 'trend',
    summary: 'show what got slower or faster over the stored runs, since when, and by how much',
    load: async () => (await import('./trend.ts')).trendCommand(),
  },
  {
    name: 'judge',
    summary: 'judge a stored summary again, without a cluster',
    load: async () => (await import('./judge.ts')).judgeCommand(),
  },
  {
    name: 'list',
    summary: 'list stored runs by profile, verdict and time',
    load: async () => (await import('./list.ts')).listCommand(),
  },
  {
    name: 'show',
    summary: 'show a stored run',
    load: async () => (await import('./show.ts')).showCommand(),
  },
  {
    name: 'compare',
    summary: 'compare stored runs: better, worse, same, or cannot tell',
    load: async () => (await import('./compare.ts')).compareCommand(),
  },
  {
    name: 'open',
    summary: 'open the report of a run in a browser',
    load: async () => (await import('./open.ts')).openCommand(),
  },
  {
    name: 'logs',
    summary: 'list or print the logs that a run kept',
    load: async () => (await import('./logs.ts')).logsCommand(),
  },
  {
    name: 'report',
    summary: 'make the report of a stored run again',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  {
    name: 'convert',
    summary: 'convert a legacy profile to the current format',
    load: async () => (await import('./convert.ts')).convertCommand(),
  },
  {
    name: 'up',
    summary: 'start Temporal and a worker, and keep them until "down"',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  {
    name: 'down',
    summary: 'stop the worker and Temporal',
    load: async () => (await import('./down.ts')).downCommand(),
  },
  {
    name: 'sweep',
    summary: 'remove what abandoned campaigns left',
    load: async () => (await import('./sweep.ts')).sweepCommand(),
  },
  {
    name: 'keep',
    summary: 'keep the clusters of a campaign on this host for a while',
    load: async () => (await import('./keep.ts')).keepCommand(),
  },
  {
    name: 'worker',
    summary: 'run a worker in the foreground',
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  {
    name: 'doctor',
    summary: 'show what is present, what is missing, and the fix',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  {
    name: 'setup',
    summary: 'get tools ahead of time',
    load: async () => (await import('./setup.ts')).setupCommand(),
  },
  {
    name: 'completion',
    summary: 'print a script that completes the command line in a shell',
    load: async () => (await import('./completion.ts')).completionCommand(COMMANDS),
  },
  {
    name: 'version',
    summary: 'show the versions of Belay, Node, the SDK and the tools',
    load: async () => (await import('./version.ts')).versionCommand(),
  },
  {
    name: 'drill',
    summary: 'break the parts of Belay during small campaigns',
    load: async () => (await import('./drill.ts')).drillCommand(),
  },
  { name: 'test', summary: "run Belay's own tests", load: async () => (await import('./test.ts')).testCommand() },
];
