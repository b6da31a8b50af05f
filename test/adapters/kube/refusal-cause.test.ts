import { describe, expect, test } from 'vitest';
import { LastingRefusal, refusal, TargetRefusal } from '../../../src/adapters/kube/kube-error.ts';
import { refusalCause } from '../../../src/adapters/kube/refusal-cause.ts';

/** Status, what an API server of Kubernetes 1.37 says, what is said of it, and whether another attempt is of no use. */
const REFUSALS: readonly (readonly [number, string, string, boolean])[] = [
  [
    403,
    'pods "p" is forbidden: exceeded quota: small, requested: cpu=2,pods=1, used: cpu=20,pods=10, limited: cpu=20,pods=10',
    'quota small: cpu=20,pods=10 allowed, cpu=20,pods=10 used, cpu=2,pods=1 more asked for',
    false,
  ],
  [
    403,
    'pods "p" is forbidden: failed quota: strict: must specify limits.cpu for: load',
    'quota strict: must specify limits.cpu for: load',
    true,
  ],
  [
    403,
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "load" must set it)',
    'Pod security restricted:latest: allowPrivilegeEscalation != false (container "load" must set it)',
    true,
  ],
  [
    422,
    `pods "p" is forbidden: ValidatingAdmissionPolicy 'teams' with binding 'all' denied request: every Pod has the label team`,
    'admission policy teams (binding all): every Pod has the label team',
    true,
  ],
  [
    403,
    'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/x/p was blocked',
    'admission webhook validate.kyverno.svc-fail: \n\nresource Pod/x/p was blocked',
    true,
  ],
  [400, 'admission webhook "a.b.c" denied the request', 'admission webhook a.b.c: no reason is given', true],
  [
    500,
    'Internal error occurred: failed calling webhook "gate.example.com": failed to call webhook: Post "https://127.0.0.1:9/": dial tcp 127.0.0.1:9: connect: connection refused',
    'admission webhook gate.example.com does not answer: failed to call webhook: Post "https://127.0.0.1:9/": dial tcp 127.0.0.1:9: connect: connection refused',
    false,
  ],
  [
    500,
    'conversion webhook for example.com/v1, Kind=Widget failed: Post "https://127.0.0.1:9/": connection refused',
    'conversion webhook of Widget in example.com/v1 does not answer: Post "https://127.0.0.1:9/": connection refused',
    false,
  ],
  [
    403,
    'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    'LimitRange: maximum cpu usage per Container is 1, but limit is 2',
    true,
  ],
  [
    403,
    'nodes is forbidden: User "system:serviceaccount:belay:belay" cannot create resource "nodes" in API group "" at the cluster scope',
    'user system:serviceaccount:belay:belay may not create nodes at the cluster scope',
    false,
  ],
  [
    403,
    'leases.coordination.k8s.io "belay" is forbidden: User "me" cannot patch resource "leases" in API group "coordination.k8s.io" in the namespace "default"',
    'user me may not patch leases.coordination.k8s.io in the namespace "default"',
    false,
  ],
  [
    403,
    'pods "p" is forbidden: unable to create new content in namespace x because it is being terminated',
    'namespace x is being deleted',
    false,
  ],
  [401, 'Unauthorized', 'its credentials are not accepted', false],
  [403, 'no', 'no', false],
];

describe('a refusal', () => {
  test.each(REFUSALS)('%i %s', (status, message, text, lasting) => {
    expect(refusalCause(status, message)).toEqual({ text, lasting });
    const error = refusal('POST', '/pods', status, JSON.stringify({ kind: 'Status', message, reason: 'Forbidden' }));
    expect(error).toBeInstanceOf(lasting ? LastingRefusal : TargetRefusal);
    expect(error.message).toBe(`POST /pods: ${status} Forbidden: the cluster refuses it: ${text}`.slice(0, 600));
  });

  test.each([
    [404, 'pods "p" not found'],
    [409, 'pods "p" already exists'],
    [422, 'Pod "p" is invalid: spec.containers: Required value'],
    [500, 'etcdserver: request timed out'],
    [503, 'the server is currently unable to handle the request'],
  ])('is none by the owner of the cluster: %i %s', (status, message) => {
    expect(refusalCause(status, message)).toBeUndefined();
    expect(refusal('POST', '/pods', status, JSON.stringify({ message }))).not.toBeInstanceOf(TargetRefusal);
  });
});
