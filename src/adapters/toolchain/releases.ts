import { arch, platform } from 'node:os';
import { TOOLS } from './tools.ts';
import type { ToolName } from './tools.ts';

/**
 * A tool's official release for one platform. The checksum comes from the release itself, over the same TLS as upstream's own
 * instructions: it guards against a cut, corrupted or swapped file. Sums pinned here would guard against a rewritten
 * release too, but they would have to be taken from these same files, and a moved pin without one would be a dead end.
 */
export interface Release {
  readonly url: string;
  readonly checksum: {
    readonly url: string;
    /** `sums`: `<sha256>  <file>` lines, or one bare sum. `github`: the release's description, with a digest per file. */
    readonly format: 'sums' | 'github';
  };
  /** Name under which the sum is listed. */
  readonly file: string;
  /** Path of the program within a .tar.gz; undefined = the download is the program. */
  readonly member: string | undefined;
}

/** Go's names for the platform this process runs on. */
export interface GoPlatform {
  readonly os: string;
  readonly arch: string;
}

/** The platform of this process, in Go's words. */
export function thisPlatform(): GoPlatform {
  return { os: platform() === 'win32' ? 'windows' : platform(), arch: arch() === 'x64' ? 'amd64' : arch() };
}

/**
 * Where releases come from: official addresses, or those behind `BELAY_RELEASES_URL` with the official host as first path
 * segment (`<url>/dl.k8s.io/release/…`), or nowhere (`off`).
 */
export function releaseAddress(official: string): string | undefined {
  const mirror = process.env['BELAY_RELEASES_URL'];
  if (mirror === undefined || mirror === '') return official;
  if (mirror === 'off') return undefined;
  return `${mirror.replace(/\/+$/, '')}/${official.replace(/^https:\/\//, '')}`;
}

/** The official release of a tool for a platform; undefined when there is none, so that it has to be built. */
export function releaseOf(name: ToolName, on: GoPlatform): Release | undefined {
  const { version } = TOOLS[name];
  const target = `${on.os}-${on.arch}`;
  switch (name) {
    case 'etcd':
      // macOS gets a .zip, which we do not read.
      return on.os === 'linux'
        ? github(
            'etcd-io/etcd',
            version,
            `etcd-v${version}-${target}.tar.gz`,
            'SHA256SUMS',
            `etcd-v${version}-${target}/etcd`,
          )
        : undefined;
    case 'kube-apiserver':
    case 'kube-controller-manager':
    case 'kube-scheduler':
      return on.os === 'linux' ? kubernetes(name, version, on) : undefined;
    case 'kubectl':
      return kubernetes(name, version, on);
    case 'kwok':
    case 'kwokctl':
      return kwok(`${name}-${target}`, version);
    case 'prometheus': {
      const folder = `prometheus-${version}.${target}`;
      return github('prometheus/prometheus', version, `${folder}.tar.gz`, 'sha256sums.txt', `${folder}/prometheus`);
    }
    case 'temporal':
      return github(
        'temporalio/cli',
        version,
        `temporal_cli_${version}_${on.os}_${on.arch}.tar.gz`,
        'checksums.txt',
        'temporal',
      );
    case 'helm': {
      const file = `helm-v${version}-${target}.tar.gz`;
      const url = `https://get.helm.sh/${file}`;
      return { url, file, checksum: { url: `${url}.sha256sum`, format: 'sums' }, member: `${target}/helm` };
    }
    default:
      // Karpenter: its kwok provider is published as source only.
      return undefined;
  }
}

/**
 * Finds the sha256 of `file` in a checksum document.
 * @throws Error when it lists none
 */
export function checksumIn(document: string, format: 'sums' | 'github', file: string): string {
  const sum = format === 'sums' ? sumLine(document, file) : githubDigest(document, file);
  if (sum === undefined) throw new Error(`the release lists no sha256 for ${file}`);
  return sum.toLowerCase();
}

function sumLine(document: string, file: string): string | undefined {
  const lines = document.split('\n').map((line) => line.trim());
  const bare = lines.length <= 2 ? /^[0-9a-f]{64}$/i.exec(lines[0] ?? '')?.[0] : undefined;
  if (bare !== undefined) return bare;
  for (const line of lines) {
    const [, sum, listed] = /^([0-9a-f]{64})\s+\*?(?:\.\/)?(\S+)$/i.exec(line) ?? [];
    if (listed === file) return sum;
  }
  return undefined;
}

function githubDigest(document: string, file: string): string | undefined {
  const { assets } = JSON.parse(document) as { assets?: readonly { name?: string; digest?: string | null }[] };
  const digest = assets?.find((asset) => asset.name === file)?.digest ?? undefined;
  return digest === undefined ? undefined : /^sha256:([0-9a-f]{64})$/i.exec(digest)?.[1];
}

function github(repository: string, version: string, file: string, sums: string, member: string): Release {
  const folder = `https://github.com/${repository}/releases/download/v${version}`;
  return { url: `${folder}/${file}`, file, checksum: { url: `${folder}/${sums}`, format: 'sums' }, member };
}

function kubernetes(name: ToolName, version: string, on: GoPlatform): Release {
  const url = `https://dl.k8s.io/release/v${version}/bin/${on.os}/${on.arch}/${name}`;
  return { url, file: name, checksum: { url: `${url}.sha256`, format: 'sums' }, member: undefined };
}

/** kwok publishes no checksum file; GitHub itself states the digest of every file of a release. */
function kwok(file: string, version: string): Release {
  return {
    url: `https://github.com/kubernetes-sigs/kwok/releases/download/v${version}/${file}`,
    file,
    checksum: { url: `https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v${version}`, format: 'github' },
    member: undefined,
  };
}
