import type { Logger as TemporalLogger, LogLevel, LogMetadata } from '@temporalio/worker';
import { writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';

const STDOUT = 1;

/**
 * The worker's log: JSON lines on standard output. `BELAY_LOG_LEVEL` sets the level, default info. A line that cannot be written, e.g.
 * on a full disk, is lost: pino's own output would hold up the worker until there is room.
 */
export function createLog(): Logger {
  const settings = {
    level: process.env['BELAY_LOG_LEVEL'] || 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(settings, { write: writeLine });
}

/** Whether only a part of the last line could be written. */
let isTorn = false;

/** A reader of a full pipe is waited for this often, ms, and so many times. */
const PIPE_WAIT_MS = 10;
const PIPE_WAITS = 100;
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

function writeLine(line: string): void {
  let rest = Buffer.from(isTorn ? `\n${line}` : line);
  let waits = 0;
  while (rest.length > 0) {
    try {
      const written = writeSync(STDOUT, rest);
      isTorn = written < rest.length;
      rest = rest.subarray(written);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN' || ++waits > PIPE_WAITS) return;
      Atomics.wait(SLEEPER, 0, 0, PIPE_WAIT_MS);
    }
  }
}

/** A logger of the SDK that writes to pino, with the attributes of the SDK (workflow, activity, attempt). */
export function temporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta?: LogMetadata): void => {
    log[level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error']({ ...meta }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
