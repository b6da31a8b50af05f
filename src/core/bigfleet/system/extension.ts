import type { SystemExtension } from '../../model/system-extension.ts';
import { applySlo } from './apply-slo.ts';
import { helmValues } from './helm-values.ts';
import { SLO_BARS } from './slo-bars.ts';

/** BigFleet, the cluster autoscaler whose scale-test harness defined the profile format. */
export const BIGFLEET_EXTENSION: SystemExtension = {
  name: 'bigfleet',
  title: 'BigFleet',
  // Only BigFleet measures shortfalls of shards.
  recognises: (gates) => gates['shardShortfalls'] !== undefined,
  applySlo,
  sloBars: SLO_BARS,
  chartValues: helmValues,
  chartSettings: [
    {
      field: 'seed.preBind',
      found: ({ seed }) => (seed.preBind ? 'true' : undefined),
      allowed: 'false, the scheduler binds every Pod',
    },
    {
      field: 'shard.failureRatePerSec',
      found: ({ shard }) => (shard.failureRatePerSec > 0 ? String(shard.failureRatePerSec) : undefined),
      allowed: '0, or runnerActions with fail-node',
    },
  ],
  hasTiers: true,
  needsEqualClusters: true,
  hasOwnRunner: true,
};
