/** The kind of a cluster, guessed from the name of its kubeconfig context. */
export type TargetKind = 'kind' | 'cloud' | 'unknown';

const CLOUDS = ['eks', 'aws', 'gke', 'gcp', 'aks', 'azure', 'scw', 'scaleway', 'kapsule'] as const;

/** Guesses the kind of a cluster with upstream's rule: `kind` anywhere in the name comes first. Only `summary.json` has it. */
export function targetKind(context: string): TargetKind {
  if (context.includes('kind')) return 'kind';
  return CLOUDS.some((cloud) => context.includes(cloud)) ? 'cloud' : 'unknown';
}
