import { cp, rename, rm } from 'node:fs/promises';

/**
 * Moves a folder, by copying where the two lie on different file systems. Whatever stops it, `to` is whole or not there.
 * @throws the signal's reason when it aborts between two files
 */
export async function moveFolder(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    await rename(from, to);
    return;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EXDEV') throw cause;
  }
  try {
    await cp(from, to, {
      recursive: true,
      // The copy itself takes no signal: it is asked about each file before that is copied.
      filter: () => {
        signal.throwIfAborted();
        return true;
      },
    });
  } catch (cause) {
    await rm(to, { recursive: true, force: true });
    throw cause;
  }
  await rm(from, { recursive: true, force: true });
}
