/** The programs Belay runs, in the order in which they are made ready: the quickstart's first. */
export const TOOL_NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'kwokctl',
  'prometheus',
  'temporal',
  'karpenter',
  'kubectl',
  'helm',
] as const;

/** One tool's name. */
export type ToolName = (typeof TOOL_NAMES)[number];

/** What `profiles/quickstart.yaml` needs, and with it every local campaign. */
export const QUICKSTART_TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'kwokctl',
  'prometheus',
  'temporal',
] as const satisfies readonly ToolName[];

/** A tool's pin, and how it is asked for its version and built. Where releases lie is in releases.ts. */
export interface ToolDefinition {
  readonly version: string;
  /** Arguments that make it print its version; undefined = it cannot, so one found on PATH is never taken. */
  readonly versionArgs: readonly string[] | undefined;
  /** Package in tools/go.mod. */
  readonly package: string;
  /** Linker variables to set beside Kubernetes' own, so that the program reports the pin. */
  readonly stamps: readonly string[];
  readonly tags: string | undefined;
  /** Module whose `assets` are kept beside a program built here, for use offline. */
  readonly module: string;
  readonly assets: readonly string[];
}

const KUBERNETES = '1.37.2';
const KWOK = '0.8.0';

/** The one place where versions are pinned. The Go modules of the same versions are in tools/go.mod. */
export const TOOLS: Readonly<Record<ToolName, ToolDefinition>> = {
  etcd: tool({ version: '3.7.0', package: 'go.etcd.io/etcd/server/v3', module: 'go.etcd.io/etcd/server/v3' }),
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kwok: tool({ version: KWOK, package: 'sigs.k8s.io/kwok/cmd/kwok', module: 'sigs.k8s.io/kwok' }),
  kwokctl: tool({ version: KWOK, package: 'sigs.k8s.io/kwok/cmd/kwokctl', module: 'sigs.k8s.io/kwok' }),
  prometheus: tool({
    version: '3.16.0',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    module: 'github.com/prometheus/prometheus',
    stamps: ['github.com/prometheus/common/version.Version=3.16.0'],
    // File and HTTP discovery stay; the clouds' own clients are most of its size and build time.
    tags: 'remove_all_sd',
  }),
  temporal: tool({
    version: '1.5.1',
    package: 'github.com/temporalio/cli/cmd/temporal',
    module: 'github.com/temporalio/cli',
    stamps: ['github.com/temporalio/cli/temporalcli.Version=1.5.1'],
  }),
  karpenter: tool({
    version: '1.12.0',
    versionArgs: undefined,
    package: 'sigs.k8s.io/karpenter/kwok',
    module: 'sigs.k8s.io/karpenter',
    assets: ['kwok/charts/crds', 'kwok/apis/crds'],
  }),
  kubectl: kubernetes('kubectl', ['version', '--client']),
  helm: tool({
    version: '4.3.1',
    versionArgs: ['version', '--short'],
    package: 'helm.sh/helm/v4/cmd/helm',
    module: 'helm.sh/helm/v4',
    stamps: ['helm.sh/helm/v4/internal/version.version=v4.3.1'],
  }),
};

/** The environment variable that names a tool's file: `BELAY_TOOL_KUBE_APISERVER`. */
export function toolVariable(name: ToolName): string {
  return `BELAY_TOOL_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** `names` without duplicates, in the order in which tools are made ready. */
export function inBuildOrder(names: readonly ToolName[]): readonly ToolName[] {
  return TOOL_NAMES.filter((name) => names.includes(name));
}

function tool(given: Pick<ToolDefinition, 'version' | 'package' | 'module'> & Partial<ToolDefinition>): ToolDefinition {
  return { versionArgs: ['--version'], stamps: [], tags: undefined, assets: [], ...given };
}

function kubernetes(name: string, versionArgs: readonly string[] = ['--version']): ToolDefinition {
  return tool({
    version: KUBERNETES,
    versionArgs,
    package: `k8s.io/kubernetes/cmd/${name}`,
    module: 'k8s.io/kubernetes',
  });
}
