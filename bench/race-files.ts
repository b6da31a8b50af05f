import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the files of a run differ in. */
interface RaceFiles {
  /** Value of the label `race`, and prefix of the namespace. */
  readonly run: string;
  readonly pods: number;
  readonly nodes: number;
}

/** Puts the files of a run of ClusterLoader2 into a folder. @returns the path of its test */
export function clusterLoaderFiles(folder: string, { run, pods, nodes }: RaceFiles): string {
  writeFileSync(join(folder, 'pod.yaml'), podText('{{.Name}}', `{{Mod .Index ${nodes}}}`, run));
  const path = join(folder, 'test.yaml');
  writeFileSync(
    path,
    `name: race
namespace: {number: 1, prefix: ${run}, deleteAutomanagedNamespaces: false}
tuningSets:
- name: unlimited
  parallelismLimitedLoad: {parallelismLimit: 500}
steps:
- name: create
  phases:
  - namespaceRange: {min: 1, max: 1}
    replicasPerNamespace: ${pods}
    tuningSet: unlimited
    objectBundle:
    - {basename: pod, objectTemplatePath: pod.yaml}
`,
  );
  return path;
}

/** Puts the files of a run of kube-burner into a folder. @returns the path of its configuration */
export function kubeBurnerFiles(folder: string, { run, pods, nodes }: RaceFiles): string {
  const template = join(folder, 'pod.yaml');
  writeFileSync(template, podText('pod-{{.Replica}}', `{{mod .Replica ${nodes}}}`, run));
  const path = join(folder, 'config.yaml');
  // A rate of 0 would mean 5 requests a second. Images cannot be pulled on Nodes that are played.
  writeFileSync(
    path,
    `global: {gc: false, requestTimeout: 60s}
jobs:
- name: race
  jobType: create
  jobIterations: 1
  namespacedIterations: false
  namespace: ${run}
  qps: 100000
  burst: 100000
  cleanup: false
  preLoadImages: false
  podWait: false
  waitWhenFinished: false
  verifyObjects: false
  objects:
  - {objectTemplate: ${template}, replicas: ${pods}}
`,
  );
  return path;
}

function podText(name: string, node: string, run: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {race: ${run}}
spec:
  nodeName: race-${node}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 0
  tolerations: [{operator: Exists}]
  containers:
  - name: c
    image: registry.k8s.io/pause:3.10
    resources: {requests: {cpu: 10m, memory: 16Mi}}
`;
}
