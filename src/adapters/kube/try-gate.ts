import type { Dispatcher } from 'undici';

/**
 * Decides whether a try of a request may still be written to its connection. A request waits for its headers and for a connection
 * before that, and its worker may be frozen meanwhile.
 */
export class TryGate {
  readonly #beforeTry: (() => void) | undefined;
  #closed: { readonly cause: unknown } | undefined;

  constructor(beforeTry: (() => void) | undefined) {
    this.#beforeTry = beforeTry;
  }

  /** @throws what `beforeTry` throws: the request must not be written */
  pass(): void {
    try {
      this.#beforeTry?.();
    } catch (cause) {
      this.#closed = { cause };
      throw cause;
    }
  }

  /** @throws what ended the request before it was written, if anything did */
  throwIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed.cause;
  }
}

/** Takes requests through the gate that they have as `opaque`, directly before they are written. */
export const gated: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { opaque: gate } = options as Dispatcher.RequestOptions<unknown>;
  if (gate instanceof TryGate) {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      gate.pass();
      start?.(controller, context);
    };
  }
  return dispatch(options, handler);
};
