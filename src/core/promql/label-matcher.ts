/**
 * A label as a query has it. Names of labels may be any text since Prometheus 3, and a target chooses them: one that is not quoted could end
 * the selector.
 */
export function labelName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** A matcher of exactly one value, e.g. `job="a"`. */
export function labelMatcher(name: string, value: string): string {
  return `${labelName(name)}=${JSON.stringify(value)}`;
}
