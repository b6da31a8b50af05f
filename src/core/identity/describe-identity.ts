import { counted } from '../text/counted.ts';
import type { Identity } from './identity-schema.ts';

/** Characters of a hash that are shown where the whole hash is not needed. */
const SHORT = 12;

/** The identity as rows of a table: a part, and what it is. Hashes are shortened; `summary.json` has the whole ones. */
export function identityRows(identity: Identity): readonly (readonly [part: string, what: string])[] {
  const { code, hosts, temporal, tools, clusters, system, images, unknown } = identity;
  return [
    ...code.map((one) => row('code', codeText(one))),
    ...hosts.map((one) =>
      row(
        one.container ? 'host (container)' : 'host',
        `${one.cpuModel}, ${limited(one.effectiveCores, one.cores)} cores, ` +
          `${limited(one.effectiveMemoryGib, one.memoryGib)} GiB, ${one.os}, kernel ${one.kernel}, ${one.platform}, Node.js ${one.node}`,
      ),
    ),
    ...(temporal === null ? [] : [row('Temporal server', `${temporal.version}${hashText(temporal.sha256)}`)]),
    ...tools.map((one) => row(one.name, `${one.version}${hashText(one.sha256)}`)),
    ...clusters.map((one) =>
      row(
        counted(one.count, 'cluster'),
        [`Kubernetes ${one.version}, ${one.platform}`, ...one.nodes.map(nodeText)].join('; '),
      ),
    ),
    ...(system === null ? [] : systemRows(system)),
    ...images.map((one) => row(`image of the ${one.of}`, imageText(one))),
    ...unknown.map((one) => row(`unknown: ${one.part}`, one.why)),
  ];
}

/** The identity in one line. */
export function identityLine(identity: Identity, fingerprint: string): string {
  const unknown = identity.unknown.map(({ part }) => part);
  const parts = [
    ...identity.code.map((one) => `code ${codeText(one)}`),
    counted(identity.tools.length, 'tool'),
    counted(identity.images.length, 'image'),
    ...(unknown.length === 0 ? [] : [`unknown: ${[...new Set(unknown)].join(', ')} (equal to no other run)`]),
  ];
  return `fingerprint ${fingerprint.slice(0, SHORT)}: ${parts.join(', ')}`;
}

function row(part: string, what: string): readonly [string, string] {
  return [part, what];
}

function codeText({ version, contentSha256, commit, dirty }: Identity['code'][number]): string {
  const source =
    commit === null ? '' : `, commit ${commit.slice(0, SHORT)}${dirty === true ? ' with local changes' : ''}`;
  return `${version}${hashText(contentSha256)}${source}`;
}

function systemRows({
  name,
  manifestsSha256,
  chart,
  files,
  fileSha256,
}: NonNullable<Identity['system']>): readonly (readonly [string, string])[] {
  return [
    row('system file', `${name}${hashText(fileSha256)}`),
    ...(manifestsSha256 === null ? [] : [row('manifests', hashText(manifestsSha256).trim())]),
    ...(chart === null
      ? []
      : [
          row(
            'chart',
            `${chart.name} ${chart.version}${hashText(chart.contentSha256)}, values${hashText(chart.valuesSha256)}`,
          ),
        ]),
    ...files.map((one) => row(`file ${one.name}`, hashText(one.sha256).trim())),
  ];
}

function imageText({ image, imageId }: Identity['images'][number]): string {
  return imageId === 'none' ? `${image} (no container was run)` : `${image}, ${imageId}`;
}

function nodeText({
  kubelet,
  kernel,
  osImage,
  runtime,
  architecture,
}: Identity['clusters'][number]['nodes'][number]): string {
  return `Nodes: kubelet ${kubelet}, ${osImage}, kernel ${kernel}, ${runtime}, ${architecture}`;
}

function limited(effective: number, all: number): string {
  return effective === all ? String(all) : `${effective} of ${all}`;
}

function hashText(sha256: string | null): string {
  return sha256 === null ? '' : ` (sha256 ${sha256.slice(0, SHORT)})`;
}
