import type { BoundEffect, FaultSite, Look } from '../adapters/faults/effect.ts';
import type { FaultState } from '../core/plan/checkpoints/soak.ts';
import { FAULT_LOOK_MS, FAULT_UNDO_MS, LATE_OPERATION_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import { FaultTargets } from './fault-targets.ts';
import { pause } from './pause.ts';

/** One fault in one cluster. */
export interface FaultToInject {
  /** Its name in the checkpoint. */
  readonly key: string;
  readonly action: string;
  /** Name of the cluster; empty where there is only one. */
  readonly cluster: string;
  /** When it is due, ms since 1970. */
  readonly dueAtMs: number;
  /** How long it lasts, ms. */
  readonly waitMs: number;
  /** When the soak ends, ms since 1970. */
  readonly soakEndMs: number;
  readonly site: FaultSite;
  /** Undefined when this version cannot inject it. */
  readonly effect: BoundEffect | undefined;
}

/** The faults of a soak. */
export interface FaultsRequest {
  readonly faults: readonly FaultToInject[];
  /** How far each fault is, by its key. */
  readonly before: Readonly<Record<string, FaultState>>;
  /** Budget of one call. */
  readonly callBudgetMs: number;
  /** How long the effect may take to be seen, and the end of the effect. */
  readonly effectBudgetMs: number;
  readonly undoneBudgetMs: number;
  /** Ends the waiting. A fault that was injected is undone all the same. */
  readonly signal: AbortSignal;
  /** Bounds the undoing after `signal` has aborted. */
  readonly undoSignal: AbortSignal;
  /** Called with each new state of a fault, and what happened in one sentence if the timeline should show it. */
  readonly onChange: (key: string, state: FaultState, what: string | undefined) => void;
}

/**
 * Injects each fault when it is due, waits until its effect is seen, undoes it, and waits until that is seen. Faults run side by
 * side. A fault that fails is recorded, not thrown: the soak continues and the verdict says why.
 */
export async function runFaults(request: FaultsRequest): Promise<void> {
  const targets = new FaultTargets();
  for (const { key, cluster } of request.faults) {
    const { target, undoneAtMs } = request.before[key] ?? {};
    if (target !== undefined && undoneAtMs === undefined) targets.take(cluster, target);
  }
  await Promise.all(request.faults.map((fault) => new FaultRun(request, fault, targets).run()));
}

/**
 * Undoes at once what a soak that ended early has left: no attempt may follow that could do it.
 * @throws KubeError, or a time-out, when a fault cannot be undone
 */
export async function undoFaults(request: Pick<FaultsRequest, 'faults' | 'before' | 'onChange'>): Promise<void> {
  const { faults, before, onChange } = request;
  // Nothing heartbeats here. It ends before Temporal gives the attempt up, so that the attempt's own reason is kept.
  const within = { signal: AbortSignal.timeout(FAULT_UNDO_MS), budgetMs: FAULT_UNDO_MS };
  await Promise.all(
    faults.map(async ({ key, site, effect, ...fault }) => {
      const { target, undoneAtMs, ...state } = before[key] ?? {};
      if (target === undefined || undoneAtMs !== undefined || effect === undefined) return;
      await effect.undo(target, site, within);
      const { seen, detail } = await effect.assertUndone(target, site, within);
      const what = `${nameOf(fault)}: ${seen ? '' : 'undone, '}${detail}`;
      onChange(key, { ...state, target, undoneAtMs: Date.now() }, what);
    }),
  );
}

class FaultRun {
  readonly #request: FaultsRequest;
  readonly #fault: FaultToInject;
  readonly #targets: FaultTargets;
  #state: FaultState;

  constructor(request: FaultsRequest, fault: FaultToInject, targets: FaultTargets) {
    this.#request = request;
    this.#fault = fault;
    this.#targets = targets;
    this.#state = request.before[fault.key] ?? {};
  }

  async run(): Promise<void> {
    const { effect } = this.#fault;
    if (isOver(this.#state)) return;
    if (effect === undefined) return this.#change({ fireError: 'this version cannot inject it' }, 'cannot be injected');
    const resumed = this.#state.target !== undefined;
    if (!resumed) await this.#recording('fireError', () => this.#choose(effect));
    const { target } = this.#state;
    // Undefined: the soak ended before it was due, or there was nothing to break.
    if (target === undefined) return;
    if (!this.#isChecked() && !this.#request.signal.aborted) {
      await this.#recording('fireError', () => this.#inject(effect, target, resumed));
      if (this.#isInjected()) await this.#recording('assertError', () => this.#assert(effect, target));
    }
    if (this.#isInjected()) {
      // A resumed fault lasts as long as any other.
      const { injectedAtMs, firedAtMs } = this.#state;
      await until((injectedAtMs ?? firedAtMs ?? 0) + this.#fault.waitMs, this.#request.signal);
      await this.#recording('assertError', () => this.#assertLasted(effect, target));
    }
    await this.#recording('undoError', () => this.#undo(effect, target));
  }

  /** Whether it was decided if the effect was seen. */
  #isChecked(): boolean {
    const { fireError, assertedAtMs, assertError } = this.#state;
    return fireError !== undefined || assertedAtMs !== undefined || assertError !== undefined;
  }

  /** Whether it is known that the fault was injected. One whose effect was seen was injected. */
  #isInjected(): boolean {
    const { fireError, injectedAtMs, assertedAtMs } = this.#state;
    return fireError === undefined && (injectedAtMs ?? assertedAtMs) !== undefined;
  }

  async #choose(effect: BoundEffect): Promise<void> {
    const { signal } = this.#request;
    const { dueAtMs, cluster, site } = this.#fault;
    await until(dueAtMs, signal);
    if (signal.aborted) return;
    this.#refuseTooLate();
    const target = await this.#targets.choose(cluster, (taken) => effect.choose(site, taken, this.#within()));
    // It is recorded before it happens: without a record nothing would undo it after this worker's death.
    this.#change({ target, firedAtMs: Date.now() }, effect.describe(target));
  }

  /** Injects it, unless that is on record. The worker before may have died between the record of the target and the call. */
  async #inject(effect: BoundEffect, target: string, resumed: boolean): Promise<void> {
    if (this.#isInjected()) return;
    const { site } = this.#fault;
    if (resumed) {
      const { seen, gone } = await effect.assert(target, site, this.#within());
      const { firedAtMs = Date.now() } = this.#state;
      if (seen && gone !== true) return this.#change({ injectedAtMs: firedAtMs });
    }
    this.#refuseTooLate();
    await effect.fire(target, site, this.#within());
    const injectedAtMs = Date.now();
    const lateMs = injectedAtMs - this.#fault.dueAtMs;
    if (lateMs <= LATE_OPERATION_MS) this.#change({ injectedAtMs });
    else this.#change({ injectedAtMs, lateMs }, `injected ${seconds(lateMs)} s late`);
  }

  /** @throws Error when the fault fell due while no worker ran, and the soak ends before it could last its time */
  #refuseTooLate(): void {
    const { dueAtMs, waitMs, soakEndMs } = this.#fault;
    const nowMs = Date.now();
    const lateMs = nowMs - dueAtMs;
    const isOnTime = lateMs <= LATE_OPERATION_MS && nowMs < soakEndMs;
    if (isOnTime || nowMs + waitMs <= soakEndMs) return;
    this.#change({ lateMs });
    throw new Error(
      `it was due ${seconds(lateMs)} s before a worker could inject it, and its ${seconds(waitMs)} s do not fit into the soak any more`,
    );
  }

  async #assert(effect: BoundEffect, target: string): Promise<void> {
    const { site } = this.#fault;
    const { signal, effectBudgetMs } = this.#request;
    const look = (): Promise<Look> => effect.assert(target, site, this.#within());
    const { seen, final, detail } = await lookUntilSeen(look, effectBudgetMs, signal);
    if (seen) this.#change({ assertedAtMs: Date.now(), effect: detail }, detail);
    // If the soak was ended, the fault had no time to take effect: nothing is recorded about it.
    else if (!signal.aborted) throw new Error(`its effect was not seen${limitText(final, effectBudgetMs)}: ${detail}`);
  }

  /** @throws Error when an effect that was seen is gone before its time is over: something else has undone it */
  async #assertLasted(effect: BoundEffect, target: string): Promise<void> {
    const { assertedAtMs, assertError, undoBeganAtMs } = this.#state;
    if (assertedAtMs === undefined || assertError !== undefined || undoBeganAtMs !== undefined) return;
    // A fault may be planned to outlast its soak. Where that has ended, a look that fails says nothing about the effect.
    const look = await effect.assert(target, this.#fault.site, this.#within()).catch((cause: unknown) => {
      if (this.#request.signal.aborted) return undefined;
      throw cause;
    });
    if (look?.seen === false) throw new Error(`its effect was gone before its time was over: ${look.detail}`);
  }

  async #undo(effect: BoundEffect, target: string): Promise<void> {
    const { site, cluster } = this.#fault;
    const { undoSignal, undoneBudgetMs } = this.#request;
    // A worker that shuts down leaves the undoing to the next one.
    undoSignal.throwIfAborted();
    if (this.#state.undoBeganAtMs === undefined) this.#change({ undoBeganAtMs: Date.now() });
    await effect.undo(target, site, this.#within());
    const look = (): Promise<Look> => effect.assertUndone(target, site, this.#within());
    const { seen, final, detail } = await lookUntilSeen(look, undoneBudgetMs, undoSignal);
    if (!seen) throw new Error(`it was undone, but that was not seen${limitText(final, undoneBudgetMs)}: ${detail}`);
    this.#targets.release(cluster, target);
    this.#change({ undoneAtMs: Date.now() }, detail);
  }

  /** Records an error of a step. After a cancel nothing is recorded: the next attempt continues with the fault. */
  async #recording(as: 'fireError' | 'assertError' | 'undoError', step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (this.#request.undoSignal.aborted) return;
      const message = messageOf(error);
      const where = this.#fault.cluster === '' ? '' : `cluster ${this.#fault.cluster}: `;
      this.#change({ [as]: `${where}${message}` }, message);
    }
  }

  #change(change: Partial<FaultState>, what?: string): void {
    this.#state = { ...this.#state, ...change };
    this.#request.onChange(this.#fault.key, this.#state, what && `${nameOf(this.#fault)}: ${what}`);
  }

  #within(): { readonly signal: AbortSignal; readonly budgetMs: number } {
    return { signal: this.#request.undoSignal, budgetMs: this.#request.callBudgetMs };
  }
}

/** How long an effect was waited for; empty when waiting longer could not have changed anything. */
function limitText(final: boolean | undefined, budgetMs: number): string {
  return final === true ? '' : ` within ${seconds(budgetMs)} s`;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}

/** A fault as the timeline names it. */
function nameOf({ action, cluster }: Pick<FaultToInject, 'action' | 'cluster'>): string {
  return cluster === '' ? action : `${action} in ${cluster}`;
}

function isOver({ target, undoneAtMs, undoError, fireError }: FaultState): boolean {
  return undoneAtMs !== undefined || undoError !== undefined || (fireError !== undefined && target === undefined);
}

/** Looks again and again until the effect is seen, nothing can change any more, the budget is used up, or the signal aborts. @returns the last look */
async function lookUntilSeen(look: () => Promise<Look>, budgetMs: number, signal: AbortSignal): Promise<Look> {
  const untilMs = Date.now() + budgetMs;
  for (;;) {
    const last = await look();
    if (last.seen || last.final === true || signal.aborted || Date.now() >= untilMs) return last;
    await until(Date.now() + FAULT_LOOK_MS, signal);
  }
}

/** Waits until a moment or until the signal aborts, whichever comes first. */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await pause(Math.max(0, atMs - Date.now()), signal).catch(() => undefined);
}
