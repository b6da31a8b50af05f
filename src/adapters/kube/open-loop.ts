/** Operations that are due at fixed moments. */
export interface OpenLoop {
  readonly count: number;
  /** The first operation. Those before it are not run. */
  readonly fromIndex: number;
  /** When an operation is due, ms since 1970; ascending. */
  readonly dueAtMs: (index: number) => number;
  /** Most operations under way at once. An operation that is due beyond that waits, and is late. */
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly run: (index: number) => Promise<void>;
  /** Called after an operation, with the index of the first one that is not done. A checkpoint keeps it. */
  readonly onDone?: (lowWater: number) => void;
}

/**
 * Starts each operation when it is due, whether or not those before it have been answered. A slow server does not slow the load
 * down (Schroeder et al., Open Versus Closed, NSDI 2006). Returns when nothing is under way any more.
 * @throws the first error of an operation, or the signal's reason
 */
export function openLoop(loop: OpenLoop): Promise<void> {
  return new Loop(loop).run();
}

class Loop {
  readonly #loop: OpenLoop;
  readonly #ended = Promise.withResolvers<void>();
  readonly #doneAhead = new Set<number>();
  readonly #onAbort = (): void => this.#fail(this.#loop.signal.reason);
  #next: number;
  #lowWater: number;
  #underWay = 0;
  #failure: { readonly cause: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(loop: OpenLoop) {
    this.#loop = loop;
    this.#next = loop.fromIndex;
    this.#lowWater = loop.fromIndex;
  }

  run(): Promise<void> {
    const { signal } = this.#loop;
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
    else this.#pump();
    return this.#ended.promise.finally(() => signal.removeEventListener('abort', this.#onAbort));
  }

  /** Starts what is due, sets a timer for the next operation, and ends when nothing is left to do or to wait for. */
  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#wantsMore() && this.#underWay < this.#loop.parallel) {
      const waitMs = this.#loop.dueAtMs(this.#next) - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      void this.#start(this.#next++);
    }
    if (this.#underWay > 0 || this.#wantsMore()) return;
    if (this.#failure === undefined) this.#ended.resolve();
    else this.#ended.reject(this.#failure.cause);
  }

  #wantsMore(): boolean {
    return this.#failure === undefined && this.#next < this.#loop.count;
  }

  async #start(index: number): Promise<void> {
    this.#underWay++;
    try {
      await this.#loop.run(index);
      this.#doneAhead.add(index);
      while (this.#doneAhead.delete(this.#lowWater)) this.#lowWater++;
      this.#loop.onDone?.(this.#lowWater);
    } catch (cause) {
      this.#failure ??= { cause };
    } finally {
      this.#underWay--;
      this.#pump();
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#pump();
  }
}

/** Passes calls on at most every `everyMs`, so that thousands of operations become a few heartbeats. */
export function throttled<Args extends readonly unknown[]>(
  everyMs: number,
  call: (...args: Args) => void,
): (...args: Args) => void {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return (...args) => {
    if (Date.now() - lastAtMs < everyMs) return;
    lastAtMs = Date.now();
    call(...args);
  };
}
