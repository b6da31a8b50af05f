/** As much of a ResourceQuota as says which Pods it counts. */
export interface QuotaScopes {
  readonly scopes?: readonly string[] | null;
  readonly scopeSelector?: {
    readonly matchExpressions?:
      | readonly {
          readonly scopeName: string;
          readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
          readonly values?: readonly string[] | null;
        }[]
      | null;
  } | null;
}

/** As much of a Pod as decides which quotas count it. */
export interface ScopedPod {
  readonly spec: {
    readonly activeDeadlineSeconds?: number;
    readonly priorityClassName?: string;
    readonly containers: readonly {
      readonly resources?: { readonly requests?: object | null; readonly limits?: object | null } | null;
    }[];
  };
}

/**
 * Whether a quota counts a Pod: all of its scopes have to apply. Of scopes that are not known here none applies, so that no Pod is taken for
 * refused that a cluster takes.
 */
export function countsPod({ scopes, scopeSelector }: QuotaScopes, pod: ScopedPod): boolean {
  const named = (scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const, values: [] }));
  return [...named, ...(scopeSelector?.matchExpressions ?? [])].every(({ scopeName, operator, values }) => {
    if (scopeName === 'PriorityClass') return isSelected(pod.spec.priorityClassName ?? '', operator, values ?? []);
    const known = Object.hasOwn(APPLIES, scopeName) ? APPLIES[scopeName] : undefined;
    const applies = known?.(pod) ?? false;
    return operator === 'DoesNotExist' || operator === 'NotIn' ? !applies && known !== undefined : applies;
  });
}

const isBestEffort = ({ spec }: ScopedPod): boolean =>
  spec.containers.every(({ resources }) =>
    [resources?.requests, resources?.limits].every((amounts) => Object.keys(amounts ?? {}).length === 0),
  );

const APPLIES: Readonly<Record<string, (pod: ScopedPod) => boolean>> = {
  Terminating: ({ spec }) => spec.activeDeadlineSeconds !== undefined,
  NotTerminating: ({ spec }) => spec.activeDeadlineSeconds === undefined,
  BestEffort: isBestEffort,
  NotBestEffort: (pod) => !isBestEffort(pod),
};

function isSelected(priorityClass: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return values.includes(priorityClass);
    case 'NotIn':
      return !values.includes(priorityClass);
    case 'DoesNotExist':
      return priorityClass === '';
    default:
      return priorityClass !== '';
  }
}
