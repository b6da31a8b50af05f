/** Name of a campaign's cluster: the value of the label `cluster`, and kwokctl's name of a local cluster. */
export function clusterName(slug: string, index: number): string {
  return `${slug}-c${index}`;
}
