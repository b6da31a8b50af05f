/** What the faults of each cluster have broken. Two faults never break the same thing: the undoing of one would end the other. */
export class FaultTargets {
  readonly #taken = new Map<string, Set<string>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Marks a target as taken. */
  take(cluster: string, target: string): void {
    this.#takenIn(cluster).add(target);
  }

  /** Frees a target: it is well again. */
  release(cluster: string, target: string): void {
    this.#takenIn(cluster).delete(target);
  }

  /** Chooses a target that is not taken, and takes it. The choices of one cluster are made one after another. */
  async choose(cluster: string, choose: (taken: ReadonlySet<string>) => Promise<string>): Promise<string> {
    const before = this.#turns.get(cluster) ?? Promise.resolve();
    const turn = before.then(async () => {
      const target = await choose(this.#takenIn(cluster));
      this.take(cluster, target);
      return target;
    });
    this.#turns.set(
      cluster,
      turn.catch(() => undefined),
    );
    return await turn;
  }

  #takenIn(cluster: string): Set<string> {
    const taken = this.#taken.get(cluster) ?? new Set<string>();
    this.#taken.set(cluster, taken);
    return taken;
  }
}
