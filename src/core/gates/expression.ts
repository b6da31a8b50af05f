/** A PromQL expression that a gate reads. */
export interface Expression {
  /** With `$window`, `$campaign` and `$execution`, which are filled in before it is asked. */
  readonly promql: string;
  /** Its series may be born with their first event: a gate with `absentIs` may do without them. */
  readonly mayBeAbsent: boolean;
}
