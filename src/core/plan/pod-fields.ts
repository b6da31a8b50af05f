import type { Archetype } from '../model/catalogue.ts';
import type { PodFields, ProfilePods } from '../model/pod-fields.ts';

/**
 * What the Pods of an archetype carry: what the profile says of all Pods, and what the catalogue says of these. Maps are merged, and
 * lists are joined; where both say something, the catalogue's is the more specific.
 */
export function podFieldsOf(pods: ProfilePods | undefined, archetype: Pick<Archetype, 'pods'>): PodFields {
  const { priorities: _applied, preemptionPolicy: _policy, ...common } = pods ?? {};
  const own = archetype.pods ?? {};
  return {
    ...common,
    ...own,
    ...merged('labels', common, own),
    ...merged('annotations', common, own),
    ...merged('nodeSelector', common, own),
    ...joined('tolerations', common, own),
    ...joined('schedulingGates', common, own),
  };
}

function merged(field: 'labels' | 'annotations' | 'nodeSelector', common: PodFields, own: PodFields): PodFields {
  const all = { ...common[field], ...own[field] };
  return Object.keys(all).length === 0 ? {} : { [field]: all };
}

/** A list may say the same twice: of a gate, or of a taint, once is enough. */
function joined(field: 'tolerations' | 'schedulingGates', common: PodFields, own: PodFields): PodFields {
  const every: readonly unknown[] = [...(common[field] ?? []), ...(own[field] ?? [])];
  const all = new Map(every.map((each) => [JSON.stringify(each), each]));
  return all.size === 0 ? {} : { [field]: [...all.values()] };
}

/** Values with their placeholders filled in. A placeholder that is not known was refused when the file was read. */
export function filledIn(
  values: Readonly<Record<string, string>> | undefined,
  texts: Readonly<Record<'workload' | 'replicas' | 'archetype' | 'campaign', string>>,
): Readonly<Record<string, string>> {
  const known: Readonly<Record<string, string>> = texts;
  const fill = (value: string): string =>
    value.replaceAll(/\$\{(\w+)\}/g, (found, name: string) => known[name] ?? found);
  return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, fill(value)]));
}
