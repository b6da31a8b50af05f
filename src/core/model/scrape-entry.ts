/** A value of a Secret in the cluster. */
export interface SecretKey {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** Metrics of a system: where they are served, and how they are asked for. One of process and port, url, service and pods is set. */
export interface ScrapeEntry {
  readonly job: string;
  readonly process?: string;
  readonly port?: string;
  readonly url?: string;
  /** A Service of the cluster: each of its ready Pods is a target. */
  readonly service?: { readonly namespace: string; readonly name: string; readonly port: string | number };
  /** Pods of the cluster: each ready one is a target. */
  readonly pods?: { readonly namespace: string; readonly selector: string; readonly port: string | number };
  /** Of process, service and pods. Absent = http. */
  readonly scheme?: 'http' | 'https';
  /** Absent = that of the url, or /metrics. */
  readonly path?: string;
  readonly params?: Readonly<Record<string, string | readonly string[]>>;
  /** Absent = as the rest of the campaign is scraped. */
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** Format of answers whose content type says none. */
  readonly fallbackProtocol?: string;
  readonly tls?: {
    /** File with the certificates that sign the target's: an absolute path, or beside the system file. */
    readonly ca?: string;
    readonly caSecret?: SecretKey;
    readonly serverName?: string;
    readonly insecure?: boolean;
  };
  readonly bearer?: { readonly file?: string; readonly secret?: SecretKey };
  /** The target is asked as the user of the kubeconfig: with its token or its certificate. */
  readonly identity?: 'kubeconfig';
}
