import { condition, defineQuery, setHandler } from '@temporalio/workflow';

/** A campaign that only says which one it is, until it is ended. */
export async function campaign(): Promise<void> {
  setHandler(defineQuery('status'), () => ({ campaign: 'c' }));
  await condition(() => false);
}
