/** The shortest wait for hosts with free capacity, ms: one host has to have the time to answer. */
export const MIN_HOST_WAIT_MS = 10_000;
