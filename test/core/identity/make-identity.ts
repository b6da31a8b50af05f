import type { Identity } from '../../../src/core/identity/identity-schema.ts';

/** A hash that differs for each letter. */
export function hashOf(letter: string): string {
  return letter.charCodeAt(0).toString(16).padStart(2, '0').repeat(32);
}

/** The identity of a campaign of which everything is known. */
export function anIdentity(more: Partial<Identity> = {}): Identity {
  return {
    code: [{ version: '0.1.0', contentSha256: hashOf('c'), commit: 'ab'.repeat(20), dirty: false }],
    hosts: [
      {
        node: 'v24.1.0',
        platform: 'linux x64',
        os: 'debian 13',
        kernel: '6.12.74',
        cpuModel: 'Some CPU',
        cores: 8,
        memoryGib: 32,
        effectiveCores: 4,
        effectiveMemoryGib: 16,
        container: true,
      },
    ],
    temporal: { version: '1.30.0', sha256: hashOf('t') },
    tools: [
      { name: 'etcd', version: '3.7.0', sha256: hashOf('e') },
      { name: 'kwok', version: '0.8.0', sha256: hashOf('k') },
    ],
    clusters: [
      {
        version: 'v1.37.2',
        platform: 'linux/amd64',
        count: 2,
        nodes: [
          {
            kubelet: 'v1.37.2',
            kernel: '6.1',
            osImage: 'Debian 13',
            runtime: 'containerd://2.1',
            architecture: 'amd64',
          },
          {
            kubelet: 'v1.37.1',
            kernel: '6.1',
            osImage: 'Debian 13',
            runtime: 'containerd://2.1',
            architecture: 'amd64',
          },
        ],
      },
    ],
    system: {
      name: 'sut',
      fileSha256: hashOf('s'),
      manifestsSha256: hashOf('m'),
      chart: { name: 'sut', version: '1.2.3', contentSha256: hashOf('h'), valuesSha256: hashOf('v') },
      files: [{ name: 'main.ts', sha256: hashOf('f') }],
    },
    images: [
      { of: 'load', image: 'registry.k8s.io/pause:3.10', imageId: 'none' },
      { of: 'system', image: 'sut:1', imageId: `sut@sha256:${hashOf('i')}` },
    ],
    unknown: [],
    ...more,
  };
}
