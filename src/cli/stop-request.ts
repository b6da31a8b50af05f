/** A request to stop a workflow, made again until the server has taken it: the server may be away when Ctrl-C is pressed. */
export class StopRequest {
  readonly #cancel: () => Promise<unknown>;
  #state: 'not asked' | 'under way' | 'failed' | 'taken' = 'not asked';

  /** @param cancel asks the server once; rejects when it has not taken the request */
  constructor(cancel: () => Promise<unknown>) {
    this.#cancel = cancel;
  }

  /** Whether it was asked for, successfully or not. */
  get isAsked(): boolean {
    return this.#state !== 'not asked';
  }

  /** Asks the server, for the first time. */
  ask(): void {
    if (this.#state === 'not asked') this.#send();
  }

  /** Asks once more if the server did not take it. To be called in each round of the one that waits for the end. */
  repeat(): void {
    if (this.#state === 'failed') this.#send();
  }

  #send(): void {
    this.#state = 'under way';
    void this.#cancel().then(
      () => (this.#state = 'taken'),
      () => (this.#state = 'failed'),
    );
  }
}
