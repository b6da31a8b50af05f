import type { Fault, FaultProblem } from './fault.ts';

/** How long BigFleet's runner keeps a network partition up. */
const PARTITION_MS = 60_000;
const POD = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';

interface ShardPod {
  /** Name of the shard's Pod, e.g. `bigfleet-shard-1`. */
  readonly pod: string;
}

const killCoordinatorLeader: Fault<object> = {
  forms: ['kill-coordinator-leader'],
  pattern: 'kill-coordinator-leader',
  runnable: false,
  parameters: () => ({}),
  validate: () => [],
  waitMs: () => 0,
  describe: () => 'kills the coordinators, the leader among them',
};

const killShard: Fault<ShardPod> = {
  forms: ['kill-shard-<pod>'],
  pattern: `kill-shard-${POD}`,
  runnable: false,
  parameters: (action) => ({ pod: action.slice('kill-shard-'.length) }),
  validate: ({ pod }, { shardReplicas }) => unknownShard(pod, shardReplicas),
  waitMs: () => 0,
  describe: ({ pod }) => `kills the shard in Pod ${pod}`,
};

const partitionCoordinator: Fault<ShardPod> = {
  forms: ['partition-coordinator-from-shard-<pod>'],
  pattern: `partition-coordinator-from-shard-${POD}`,
  runnable: false,
  parameters: (action) => ({ pod: action.slice('partition-coordinator-from-shard-'.length) }),
  validate: ({ pod }, { atSeconds, soakSeconds, shardReplicas }) => {
    const lastsSeconds = PARTITION_MS / 1_000;
    const tooLate: FaultProblem = {
      field: 'atSeconds',
      problem:
        `lasts ${lastsSeconds} s and is not over at the end of the soak, loadProfile.soakSeconds ${soakSeconds}; ` +
        `allowed: at most ${soakSeconds - lastsSeconds}`,
    };
    return [
      ...(atSeconds < soakSeconds && atSeconds + lastsSeconds > soakSeconds ? [tooLate] : []),
      ...unknownShard(pod, shardReplicas),
    ];
  },
  waitMs: () => PARTITION_MS,
  describe: ({ pod }) => `cuts the shard in Pod ${pod} off from the coordinators for ${PARTITION_MS / 1_000} s`,
};

/** Faults that BigFleet's runner injects into its own parts. Belay knows them, but cannot inject them. */
export const UPSTREAM_FAULTS = {
  'kill-coordinator-leader': killCoordinatorLeader,
  'kill-shard': killShard,
  'partition-coordinator-from-shard': partitionCoordinator,
} as const;

function unknownShard(pod: string, shardReplicas: number): readonly FaultProblem[] {
  const shard = /-shard-(\d+)$/.exec(`-shard-${pod}`)?.[1];
  if (shard === undefined || Number(shard) < shardReplicas) return [];
  const problem = `names shard ${shard}; allowed: 0 to ${shardReplicas - 1} (topology.shardReplicas gives ${shardReplicas})`;
  return [{ field: 'action', problem }];
}
