import { rmSync, statSync } from 'node:fs';
import { logTail } from '../host/log-tail.ts';

/** What SQLite, and a server that finds half a database, end their last line with. */
const BROKEN =
  /failed starting server: (.*(?:not a database|malformed|no such table|no such column|disk I\/O error).*?)"?$/;

/**
 * Why a server of ours ended, if that was its database: a machine that lost its power, or a first start that was killed, may leave one
 * that no server can use. The campaigns in it are lost then, and what they have in clusters and on hosts is not.
 * @returns what is wrong, and what to do; undefined for another end
 */
export function databaseProblem(databasePath: string, logPath: string): string | undefined {
  const [, why] = BROKEN.exec(logTail(logPath, 1)) ?? [];
  if (why === undefined) return undefined;
  return (
    `its database ${databasePath} cannot be used: ${why}; move it away, with ${databasePath}-wal and -shm beside it: ` +
    'the next start makes a new one without the earlier campaigns, and "./belay sweep" removes what they have left once they have expired'
  );
}

/** Removes a database without a byte, which a killed start leaves: it holds nothing, and no server takes it for a new one. */
export function removeEmptyDatabase(databasePath: string): void {
  if (bytesOf(databasePath) === 0 && (bytesOf(`${databasePath}-wal`) ?? 0) === 0) rmSync(databasePath);
}

function bytesOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
