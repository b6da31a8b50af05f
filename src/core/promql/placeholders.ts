/** Replaces `$window` by a PromQL duration, `$campaign` by the campaign's name, `$execution` by the number of the soak's execution. */
export function substitute(
  query: string,
  values: { readonly windowMs: number; readonly campaign: string; readonly execution: number },
): string {
  const texts: Readonly<Record<string, string>> = {
    window: promDuration(values.windowMs),
    campaign: values.campaign,
    execution: String(values.execution),
  };
  return query.replaceAll(/\$(window|campaign|execution)\b/g, (found, name: string) => texts[name] ?? found);
}

/** A PromQL duration: whole seconds where possible, else milliseconds. At least 1 ms, because Prometheus refuses `[0s]`. */
export function promDuration(ms: number): string {
  const whole = Math.max(1, Math.round(ms));
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`;
}
