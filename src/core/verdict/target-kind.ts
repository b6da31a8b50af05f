/** What a kubeconfig context's name lets one guess of its cluster. */
export type TargetKind = 'kind' | 'cloud' | 'unknown';

const CLOUDS = ['eks', 'aws', 'gke', 'gcp', 'aks', 'azure', 'scw', 'scaleway', 'kapsule'] as const;

/** Guesses from a context's name as upstream does, `kind` first wherever it stands in the name; for `summary.json` only. */
export function targetKind(context: string): TargetKind {
  if (context.includes('kind')) return 'kind';
  return CLOUDS.some((cloud) => context.includes(cloud)) ? 'cloud' : 'unknown';
}
