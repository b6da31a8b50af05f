import type { Metadata } from './metadata.ts';
import type { GatePatch } from './gate-patch.ts';
import type { ScrapeEntry } from './scrape-entry.ts';

/** How the system under test is installed, known to be ready, scraped and gated. */
export interface System {
  readonly metadata: Metadata;
  /** Name of the extension with what Belay knows about this system; absent = recognised by its gates, or none. */
  readonly extension?: string;
  /** Who creates the machines. */
  readonly capacity: 'belay' | 'system';
  readonly install: {
    /** Files beside the system file, applied server-side in order; `module:` = a file of a Go module in the toolchain. */
    readonly manifests: readonly { readonly path: string; readonly module?: string }[];
    readonly helm?: {
      readonly chart: string;
      readonly release: string;
      readonly namespace: string;
      readonly values: unknown;
    };
    readonly processes: readonly SystemProcess[];
    /** Finalizers of its controllers that may be taken off in a borrowed cluster when the controllers are gone. Absent = none. */
    readonly finalizers?: readonly string[];
  };
  readonly ready: {
    /** HTTP paths of the processes, or objects and conditions, or CRDs that must be served. */
    readonly crds: readonly string[];
    readonly http: readonly { readonly process: string; readonly port: string; readonly path: string }[];
    readonly timeoutMs: number;
  };
  readonly scrape: readonly ScrapeEntry[];
  readonly gates: Readonly<Record<string, GatePatch>>;
}

/** A local process of the system, one per cluster: `${port.NAME}`, `${kubeconfig}`, `${cluster}`, `${slug}`, `${folder}` are filled in. */
export interface SystemProcess {
  readonly name: string;
  /** Name of a tool of the toolchain (e.g. `karpenter`) or an absolute path. */
  readonly tool: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of ports to pick free ones for. */
  readonly ports: readonly string[];
  readonly restart: boolean;
}
