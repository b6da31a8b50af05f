/** The checkpoint of an execution, and a way to change it. Parts of a stage share one, and each knows only its own fields. */
export interface Checkpointed<Checkpoint extends object> {
  readonly now: Checkpoint;
  /** Changes the checkpoint and keeps it. */
  change(change: Partial<Checkpoint>): void;
}

/** A checkpoint that is kept with every change. */
export class KeptCheckpoint<Checkpoint extends object> implements Checkpointed<Checkpoint> {
  readonly #save: (checkpoint: Checkpoint) => void;
  #now: Checkpoint;
  #report: () => void = () => undefined;

  /** Keeps `first` at once. */
  constructor(first: Checkpoint, save: (checkpoint: Checkpoint) => void) {
    this.#now = first;
    this.#save = save;
    save(first);
  }

  get now(): Checkpoint {
    return this.#now;
  }

  /** Sets what is called after each change: every change of the checkpoint is progress of its stage. */
  reportTo(report: () => void): void {
    this.#report = report;
  }

  /** Reports progress without a change. */
  report(): void {
    this.#report();
  }

  change(change: Partial<Checkpoint>): void {
    this.#now = { ...this.#now, ...change };
    this.#save(this.#now);
    this.report();
  }
}
