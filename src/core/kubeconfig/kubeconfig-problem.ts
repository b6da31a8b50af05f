/** A kubeconfig that cannot be used, with the reason. Asking again would not help. */
export class KubeconfigProblem extends Error {
  override readonly name = 'KubeconfigProblem';
}
