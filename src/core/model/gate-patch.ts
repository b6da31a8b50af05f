/**
 * Fields that say how a gate's value is measured, one per kind of gate. The kinds declare them, in `core/gates/kinds`; at most
 * one is set.
 *
 * @public
 */
export interface GateSourceFields {}

/** A gate as a file has it. Every part is optional, because a profile may change just a bar. */
export interface GatePatch extends GateSourceFields {
  readonly description?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly bar?: 'held' | 'scaled' | 'informational';
  /** Steps of a scaled bar: the first whose `upTo` is not below the measure of scale applies; the last has no `upTo`. */
  readonly scale?: {
    readonly by: 'machines' | 'pods' | 'clusters';
    readonly steps: readonly { readonly upTo?: number; readonly min?: number; readonly max?: number }[];
  };
  readonly failFast?: boolean;
  /** Readings in a row beyond the bar that end the soak. Field in the file: `for`. */
  readonly forReadings?: number;
  /** `soak`, or ms. */
  readonly windowMs?: number | 'soak';
  readonly minSamples?: number;
  readonly minEvents?: number;
  readonly job?: string;
  readonly topFiniteBucket?: number;
  readonly unmeasured?: 'fail' | 'allow';
  readonly absentIs?: 0;
  readonly readAt?: 'end' | 'settled';
  readonly restsOn?: readonly string[];
}
