import { saturatedSpans, SATURATED_MS, type HostSample } from './host-saturation.ts';

/** Counts the time in which a host had no CPU left, sample by sample: by the rule of `saturatedSpans`. */
export class SaturationMeter {
  #recent: readonly HostSample[] = [];
  #countedMs = 0;

  /** Takes the next sample. @returns how much saturated time it adds, ms. The time before it may be part of that */
  add(sample: HostSample): number {
    this.#recent = [...this.#recent, sample].filter(({ atMs }) => atMs > sample.atMs - 2 * SATURATED_MS);
    let addedMs = 0;
    for (const { startMs, endMs } of saturatedSpans(this.#recent)) {
      addedMs += Math.max(0, endMs - Math.max(startMs, this.#countedMs));
      this.#countedMs = Math.max(this.#countedMs, endMs);
    }
    return addedMs;
  }
}
