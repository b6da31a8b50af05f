import { lengthText } from '../text/time.ts';

/** A request whose answer shows the time of a server. */
export interface ClockSample {
  /** When it was sent and answered, by the clock here, ms since 1970. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The server's time while it answered, cut to seconds, ms since 1970. */
  readonly dateMs: number;
}

/** How much the clock of a server is ahead of the one here, ms: certainly within these bounds. Negative = it is behind. */
export interface ClockAhead {
  readonly lowMs: number;
  readonly highMs: number;
}

/** An answer shows whole seconds. */
const DATE_STEP_MS = 1_000;

/**
 * What samples show about the clock of a server. Each bounds it by its round trip and the second that its date is cut to; samples
 * at different moments of a second narrow it. Undefined without samples, or where they contradict each other: a clock moved
 * meanwhile, or several servers with clocks of their own answer.
 */
export function clockAhead(samples: readonly ClockSample[]): ClockAhead | undefined {
  if (samples.length === 0) return undefined;
  const lowMs = Math.max(...samples.map(({ dateMs, receivedMs }) => dateMs - receivedMs));
  const highMs = Math.min(...samples.map(({ dateMs, sentMs }) => dateMs + DATE_STEP_MS - sentMs));
  return lowMs > highMs ? undefined : { lowMs, highMs };
}

/** The least correction that explains what was measured, ms: 0 where both clocks may show the same. */
export function clockCorrectionMs({ lowMs, highMs }: ClockAhead): number {
  if (lowMs > 0) return lowMs;
  return highMs < 0 ? highMs : 0;
}

/** A clock in words: `30.1 s behind`, `within 120 ms`. */
export function clockText(ahead: ClockAhead): string {
  const { lowMs, highMs } = ahead;
  if (clockCorrectionMs(ahead) === 0) return `within ${Math.round(Math.max(-lowMs, highMs))} ms`;
  const middleMs = Math.round(Math.abs(lowMs + highMs) / 2);
  return `${lengthText(middleMs)} ${lowMs > 0 ? 'ahead' : 'behind'}, to ${Math.round((highMs - lowMs) / 2)} ms`;
}
