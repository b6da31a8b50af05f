import type { BoundEffect, FaultSite, Look } from '../adapters/faults/effect.ts';
import type { FaultState } from '../core/plan/checkpoints/soak.ts';
import { FAULT_LOOK_MS, FAULT_UNDO_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
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
  /** Called with each new state of a fault, and what happened in one sentence. */
  readonly onChange: (key: string, state: FaultState, what: string) => void;
}

/**
 * Injects each fault when it is due, waits until its effect is seen, undoes it, and waits until that is seen. Faults run side by
 * side. A fault that fails is recorded, not thrown: the soak continues and the verdict says why.
 */
export async function runFaults(request: FaultsRequest): Promise<void> {
  await Promise.all(request.faults.map((fault) => new FaultRun(request, fault).run()));
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
  #state: FaultState;

  constructor(request: FaultsRequest, fault: FaultToInject) {
    this.#request = request;
    this.#fault = fault;
    this.#state = request.before[fault.key] ?? {};
  }

  async run(): Promise<void> {
    const { effect } = this.#fault;
    if (isOver(this.#state)) return;
    if (effect === undefined) return this.#change({ fireError: 'this version cannot inject it' }, 'cannot be injected');
    const resumed = this.#state.target !== undefined;
    if (!resumed) await this.#recording('fireError', () => this.#fire(effect));
    const { target, fireError, assertedAtMs, assertError, firedAtMs = Date.now() } = this.#state;
    // Undefined: the soak ended before it was due, or there was nothing to break.
    if (target === undefined) return;
    const isChecked = fireError !== undefined || assertedAtMs !== undefined || assertError !== undefined;
    if (!isChecked && !this.#request.signal.aborted) {
      await this.#recording('assertError', () => this.#assert(effect, target, resumed));
    }
    // A resumed fault lasts as long as any other. One that was not injected has nothing to last.
    if (fireError === undefined) await until(firedAtMs + this.#fault.waitMs, this.#request.signal);
    await this.#recording('undoError', () => this.#undo(effect, target));
  }

  async #fire(effect: BoundEffect): Promise<void> {
    const { signal } = this.#request;
    await until(this.#fault.dueAtMs, signal);
    if (signal.aborted) return;
    const { site } = this.#fault;
    const target = await effect.choose(site, this.#within());
    // It is recorded before it happens: without a record nothing would undo it after this worker's death.
    this.#change({ target, firedAtMs: Date.now() }, effect.describe(target));
    await effect.fire(target, site, this.#within());
  }

  async #assert(effect: BoundEffect, target: string, resumed: boolean): Promise<void> {
    const { site } = this.#fault;
    const { signal, effectBudgetMs } = this.#request;
    const look = (): Promise<Look> => effect.assert(target, site, this.#within());
    // The worker before may have died between the record and the call.
    if (resumed && !(await look()).seen) await effect.fire(target, site, this.#within());
    const { seen, detail } = await lookUntilSeen(look, effectBudgetMs, signal);
    if (seen) this.#change({ assertedAtMs: Date.now() }, detail);
    // If the soak was ended, the fault had no time to take effect: nothing is said about it.
    else if (!signal.aborted) throw new Error(`its effect was not seen within ${effectBudgetMs / 1_000} s: ${detail}`);
  }

  async #undo(effect: BoundEffect, target: string): Promise<void> {
    const { site } = this.#fault;
    const { undoSignal, undoneBudgetMs } = this.#request;
    await effect.undo(target, site, this.#within());
    const look = (): Promise<Look> => effect.assertUndone(target, site, this.#within());
    const { seen, detail } = await lookUntilSeen(look, undoneBudgetMs, undoSignal);
    if (!seen) throw new Error(`it was undone, but that was not seen within ${undoneBudgetMs / 1_000} s: ${detail}`);
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

  #change(change: Partial<FaultState>, what: string): void {
    this.#state = { ...this.#state, ...change };
    this.#request.onChange(this.#fault.key, this.#state, `${nameOf(this.#fault)}: ${what}`);
  }

  #within(): { readonly signal: AbortSignal; readonly budgetMs: number } {
    return { signal: this.#request.undoSignal, budgetMs: this.#request.callBudgetMs };
  }
}

/** A fault as the timeline names it. */
function nameOf({ action, cluster }: Pick<FaultToInject, 'action' | 'cluster'>): string {
  return cluster === '' ? action : `${action} in ${cluster}`;
}

function isOver({ target, undoneAtMs, undoError, fireError }: FaultState): boolean {
  return undoneAtMs !== undefined || undoError !== undefined || (fireError !== undefined && target === undefined);
}

/** Looks again and again until the effect is seen, the budget is used up, or the signal aborts. @returns the last look */
async function lookUntilSeen(look: () => Promise<Look>, budgetMs: number, signal: AbortSignal): Promise<Look> {
  const untilMs = Date.now() + budgetMs;
  for (;;) {
    const last = await look();
    if (last.seen || signal.aborted || Date.now() >= untilMs) return last;
    await until(Date.now() + FAULT_LOOK_MS, signal);
  }
}

/** Waits until a moment or until the signal aborts, whichever comes first. */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await pause(Math.max(0, atMs - Date.now()), signal).catch(() => undefined);
}
