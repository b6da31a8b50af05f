/** Bars that apply where a profile sets none. */
export const DEFAULT_CYCLE_P99_SECONDS = 5;
export const DEFAULT_ROLLUP_P99_SECONDS = 1;
export const DEFAULT_ACK_P99_SECONDS = 12;
/** Bars that no profile changes. */
export const MAX_APPLY_ERROR_RATE = 0.001;
export const MAX_OUTBOX_DROPS_PER_SEC = 0;
/** Upper bound of the last finite bucket of 14 buckets that double from 1 ms, as the shard's cycle histogram has them. */
export const CYCLE_TOP_FINITE_BUCKET_SECONDS = 8.192;
