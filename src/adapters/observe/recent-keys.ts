/** Keys that were added within a time, and for up to as long again. */
export class RecentKeys {
  readonly #forMs: number;
  #sinceMs = 0;
  #now = new Set<string>();
  #before: ReadonlySet<string> = new Set();

  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  add(key: string, nowMs: number): void {
    if (nowMs > this.#sinceMs + this.#forMs) {
      this.#before = this.#now;
      this.#now = new Set();
      this.#sinceMs = nowMs;
    }
    this.#now.add(key);
  }

  has(key: string): boolean {
    return this.#now.has(key) || this.#before.has(key);
  }
}
