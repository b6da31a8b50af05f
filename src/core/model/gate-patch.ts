/** A gate as it stands in a file: every part optional, because a profile may change just a bar. */
export interface GatePatch {
  readonly description?: string;
  readonly unit?: string;
  readonly query?: string;
  readonly ratio?: { readonly numerator: string; readonly denominator: string };
  readonly delta?: { readonly counter: string };
  readonly min?: number;
  readonly max?: number;
  readonly bar?: 'held' | 'scaled' | 'informational';
  /** Steps of a scaled bar: the first whose `upTo` is not below the measure of scale applies; the last has no `upTo`. */
  readonly scale?: {
    readonly by: 'machines' | 'pods' | 'clusters';
    readonly steps: readonly { readonly upTo?: number; readonly min?: number; readonly max?: number }[];
  };
  readonly failFast?: boolean;
  /** `soak`, or ms. */
  readonly windowMs?: number | 'soak';
  readonly minSamples?: number;
  readonly job?: string;
  readonly topFiniteBucket?: number;
  readonly unmeasured?: 'fail' | 'allow';
}
