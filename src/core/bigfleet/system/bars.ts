/** Bars that apply where a profile sets none. */
export const DEFAULT_CYCLE_P99_SECONDS = 5;
export const DEFAULT_ROLLUP_P99_SECONDS = 1;
export const DEFAULT_ACK_P99_SECONDS = 12;
/** Bars that no profile changes. */
export const MAX_APPLY_ERROR_RATE = 0.001;
export const MAX_OUTBOX_DROPS_PER_SEC = 0;
