/** The user stopped a command before there was a campaign to stop; exit code 3. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/**
 * Calls `work` with a signal that Ctrl-C and SIGTERM abort, so that what it has begun is ended with it. Work that follows a campaign has
 * handlers of its own. A second Ctrl-C ends the process at once.
 * @throws StoppedError when it was aborted
 */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    removeHandlers();
    stop.abort(new StoppedError('stopped before a campaign began'));
  };
  const removeHandlers = (): void => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    return await work(stop.signal);
  } finally {
    removeHandlers();
  }
}
