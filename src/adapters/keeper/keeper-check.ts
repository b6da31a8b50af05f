import { FROZEN_AFTER_CHECKS, MAX_RESTARTS, RESTART_BACKOFF_MS, RESTART_WINDOW_MS } from '../../core/plan/limits.ts';
import { isDiskError } from '../host/disk-room.ts';
import { appendInfrastructureEvent } from '../host/infrastructure-events.ts';
import type { InfrastructureEvent } from '../../core/gates/infrastructure.ts';
import type { KeeperMemory, Remembered } from './keeper-memory.ts';
import type { Watched } from './keeper-watched.ts';

/** Reports an event to the campaign's evidence and to the worker's log. */
export type ReportEvent = (event: Omit<InfrastructureEvent, 'campaign'>) => void;

/** Writes an event to the campaign's `infrastructure.jsonl` and to `log`. */
export function reportTo(campaign: string, log: (event: InfrastructureEvent) => void): ReportEvent {
  return (event) => {
    const whole = { campaign, ...event };
    log(whole);
    try {
      appendInfrastructureEvent(whole);
    } catch (cause) {
      // A part that died is started again, also where the evidence of it cannot be written.
      if (!isDiskError(cause)) throw cause;
    }
  };
}

/** Health checks of one part, in a row, that got no answer. */
export interface Unanswered {
  count: number;
}

/**
 * Checks a part of the infrastructure once: opens a gap when the part died or froze, restarts it where that is sound, and
 * closes the gap when the part is healthy again.
 */
export async function checkPart(
  part: Watched,
  memory: KeeperMemory,
  unanswered: Unanswered,
  report: ReportEvent,
  signal: AbortSignal,
): Promise<void> {
  const look = part.look();
  const nowMs = Date.now();
  const known: Remembered = memory.get(part.key) ?? {
    startTicks: look.startTicks,
    lastAliveMs: look.state === 'running' ? nowMs : part.sinceMs,
    restartsMs: [],
    gaveUp: false,
  };
  const say = (what: InfrastructureEvent['what'], gap: { startMs: number; endMs?: number }, detail: string): void =>
    report({
      atMs: Date.now(),
      ...(part.cluster === undefined ? {} : { cluster: part.cluster }),
      component: part.component,
      what,
      gapStartMs: gap.startMs,
      ...(gap.endMs === undefined ? {} : { gapEndMs: gap.endMs }),
      detail,
    });

  if (look.state === 'dead') {
    const gap = { startMs: known.gap?.startMs ?? known.lastAliveMs, why: 'died' as const };
    const opened = { ...known, gap };
    if (known.gap?.why !== 'died') say('died', gap, part.lastWords());
    memory.set(part.key, opened);
    await startAgain(part, memory, opened, say, signal);
    return;
  }
  if (look.state === 'frozen') {
    if (known.gap !== undefined) return;
    const gap = { startMs: known.lastAliveMs, why: 'frozen' as const };
    say('frozen', gap, 'it is stopped by a signal');
    memory.set(part.key, { ...known, gap });
    return;
  }
  // Another process has the same name: the part died and was restarted while no keeper ran.
  const changed = known.gap === undefined && known.startTicks !== '' && known.startTicks !== look.startTicks;
  const gap = changed ? { startMs: known.lastAliveMs, why: 'died' as const } : known.gap;
  if (changed) say('died', { startMs: known.lastAliveMs }, 'it was restarted by another process');
  const current = { ...known, startTicks: look.startTicks };
  if (gap !== undefined) {
    memory.set(part.key, { ...current, gap });
    const reason = await part.health(signal, known.restartsMs.at(-1) ?? 0);
    if (reason !== undefined || part.look().startTicks !== look.startTicks) return;
    const endMs = Date.now();
    say(
      gap.why === 'died' ? 'restarted' : 'resumed',
      { startMs: gap.startMs, endMs },
      `away for ${endMs - gap.startMs} ms`,
    );
    unanswered.count = 0;
    memory.set(part.key, {
      startTicks: look.startTicks,
      lastAliveMs: endMs,
      restartsMs: known.restartsMs,
      gaveUp: false,
    });
    return;
  }
  if (part.probed) {
    const reason = await part.health(signal, 0);
    if (signal.aborted || part.look().startTicks !== look.startTicks) return;
    unanswered.count = reason === undefined ? 0 : unanswered.count + 1;
    if (reason !== undefined) {
      if (unanswered.count < FROZEN_AFTER_CHECKS) return;
      const frozen = { startMs: known.lastAliveMs, why: 'frozen' as const };
      say('frozen', frozen, `it runs and does not answer: ${reason}`);
      memory.set(part.key, { ...current, gap: frozen });
      return;
    }
  }
  memory.set(part.key, { ...current, lastAliveMs: Date.now() });
}

async function startAgain(
  part: Watched,
  memory: KeeperMemory,
  known: Remembered & { readonly gap: { readonly startMs: number } },
  say: (what: InfrastructureEvent['what'], gap: { startMs: number }, detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (part.restart === undefined || known.gaveUp) return;
  const nowMs = Date.now();
  const lately = known.restartsMs.filter((at) => nowMs - at < RESTART_WINDOW_MS);
  const last = lately.at(-1);
  if (last !== undefined && nowMs - last < RESTART_BACKOFF_MS * 2 ** (lately.length - 1)) return;
  if (lately.length >= MAX_RESTARTS) {
    const detail = `it ended ${lately.length} times after a restart and stays down: ${part.lastWords()}`;
    say('gave-up', known.gap, detail);
    memory.set(part.key, { ...known, gaveUp: true });
    return;
  }
  memory.set(part.key, { ...known, restartsMs: [...lately, nowMs] });
  await part.restart(signal);
}
