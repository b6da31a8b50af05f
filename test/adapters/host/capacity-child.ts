import { leaseCapacity } from '../../../src/adapters/host/capacity.ts';

/** Leases one cluster for each of 20 campaigns on a host that takes 40 of all workers together. Prints how many it got. */
const [name = ''] = process.argv.slice(2);
let taken = 0;
for (let index = 0; index < 20; index += 1) {
  const id = `${name}-${index}`;
  const request = { campaign: id, slug: id, workflowId: id, runId: 'r', group: 'g0', wanted: 1, mayBeNone: true };
  const answer = leaseCapacity({ ...request, expiresAtMs: Date.now() + 3_600_000 }, 40);
  taken += answer.ok ? answer.clusterCount : 0;
}
console.log(taken);
