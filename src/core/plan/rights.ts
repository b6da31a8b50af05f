/** A right in a cluster that is not the campaign's own. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: in all namespaces, or of a kind without. */
  readonly namespace?: string;
}

const SEEN = ['get', 'list', 'watch'];

/**
 * The rights without which a campaign cannot begin in a borrowed cluster, or cannot end. A Role with exactly these, and what makes a
 * campaign more informed, is in `deploy/borrowed-cluster/rbac.yaml`.
 */
export function rightsNeeded({
  makesNodes,
  makesPriorities,
}: {
  readonly makesNodes: boolean;
  readonly makesPriorities: boolean;
}): readonly Right[] {
  return [
    { group: '', resource: 'namespaces', verbs: ['get', 'list', 'create', 'delete'] },
    { group: '', resource: 'serviceaccounts', verbs: ['get'] },
    { group: '', resource: 'pods', verbs: [...SEEN, 'create', 'delete'] },
    { group: '', resource: 'nodes', verbs: ['get', 'list', 'patch', ...(makesNodes ? ['create', 'delete'] : [])] },
    ...(makesPriorities
      ? [{ group: 'scheduling.k8s.io', resource: 'priorityclasses', verbs: ['get', 'list', 'create', 'delete'] }]
      : []),
    {
      group: 'coordination.k8s.io',
      resource: 'leases',
      namespace: 'default',
      verbs: ['get', 'create', 'patch', 'delete'],
    },
    { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', verbs: ['delete'] },
  ];
}
