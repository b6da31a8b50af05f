/**
 * The series of `left` whose target has a series in `right`. A target without the label `cluster` may serve series that have a
 * `cluster` of their own, as Belay's worker does. Such a target is found by its job and instance.
 *
 * @param right PromQL of series of targets, such as `up`, with more matchers for each of its selectors
 */
export function andTarget(left: string, right: (matchers: string) => string): string {
  return `((${left} and on (job, instance, cluster) ${right('')}) or (${left} and on (job, instance) ${right('cluster=""')}))`;
}

/** The series of `left` whose target has no series in `right`, found in the same way. */
export function unlessTarget(left: string, right: (matchers: string) => string): string {
  return `((${left} unless on (job, instance, cluster) ${right('')}) unless on (job, instance) ${right('cluster=""')})`;
}

/** Whether a set of keys of targets, see `targetKey`, has the target of a series with these labels. */
export function hasTarget(known: ReadonlySet<string>, labels: Readonly<Record<string, string>>): boolean {
  return known.has(targetKey(labels)) || known.has(targetKey({ ...labels, cluster: '' }));
}

/** Key of the target that serves a series. */
export function targetKey({ job = '', instance = '', cluster = '' }: Readonly<Record<string, string>>): string {
  return JSON.stringify([job, instance, cluster]);
}
