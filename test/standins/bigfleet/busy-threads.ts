import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Leaves the host no CPU until this process ends: twice as many threads as cores that never wait. */
export function takeAllCpu(): void {
  const count = 2 * availableParallelism();
  for (let index = 0; index < count; index++) new Worker('for (;;);', { eval: true }).unref();
}
