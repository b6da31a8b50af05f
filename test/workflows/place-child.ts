import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createPlace } from '../../src/activities/place.ts';
import { leaseCapacity } from '../../src/adapters/host/capacity.ts';
import { hostCapacity } from '../../src/adapters/host/host-capacity.ts';
import { hostName, hostQueues } from '../../src/adapters/host/host-queues.ts';
import { removeCampaignFolder, updateLedger } from '../../src/adapters/host/ledger.ts';
import { aSpec } from './make-spec.ts';

/**
 * A worker of the host that BELAY_HOME names. It serves `place` on a queue, with this host's real ledgers and without a lead to
 * ask, until its standard input ends.
 */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const [address = '', taskQueue = ''] = process.argv.slice(2);
const connection = await NativeConnection.connect({ address });
const activities = createPlace(pino({ level: 'silent' }), {
  thisHost: () => ({ host: hostName(), ...hostQueues(), address: '127.0.0.1' }),
  capacity: hostCapacity,
  lease: leaseCapacity,
  release: removeCampaignFolder,
  recordGroup: (slug, group) => void updateLedger(slug, (ledger) => ({ ...ledger, group })),
  openLead: () => Promise.reject(new Error('no lead here')),
  fetchSpec: () => Promise.resolve(aSpec()),
  keepSpec: () => undefined,
});
const worker = await Worker.create({ connection, taskQueue, activities });
process.stdin.once('end', () => worker.shutdown()).resume();
const running = worker.run();
console.log(hostName());
await running;
await connection.close();
