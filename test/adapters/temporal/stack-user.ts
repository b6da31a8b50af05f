import { once } from 'node:events';
import { joinStack, leaveStack } from '../../../src/adapters/temporal/stack-users.ts';
import { fakeWorker } from './stack-home.ts';

// A process that uses the stack: joins, says so, and leaves when it is told to.
const { temporal, worker } = await joinStack({ workerCommand: fakeWorker });
console.log(JSON.stringify({ startedByUs: temporal.startedByUs, address: temporal.address, worker: worker?.pid }));
await once(process.stdin, 'data');
console.log(JSON.stringify({ left: await leaveStack() }));
process.exit(0);
