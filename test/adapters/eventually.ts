import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until what is looked for is there. @throws Error after a minute */
export async function eventually<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error('it did not happen within 60 s');
    await sleep(200);
  }
}
