/** Replaces `$window` by a PromQL duration and `$campaign` by the campaign's name. */
export function substitute(query: string, values: { readonly windowMs: number; readonly campaign: string }): string {
  return query.replaceAll(/\$(window|campaign)\b/g, (_, name: string) =>
    name === 'window' ? promDuration(values.windowMs) : values.campaign,
  );
}

/** A PromQL duration: whole seconds where possible, else milliseconds. At least 1 ms, because Prometheus refuses `[0s]`. */
export function promDuration(ms: number): string {
  const whole = Math.max(1, Math.round(ms));
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`;
}
