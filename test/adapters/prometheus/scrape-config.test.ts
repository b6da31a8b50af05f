import { describe, expect, it } from 'vitest';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import { groupName, targetFiles } from '../../../src/adapters/prometheus/scrape-config.ts';

const target: ScrapeTarget = {
  job: 'etcd',
  cluster: 'c/1',
  scheme: 'https',
  address: '127.0.0.1:1',
  path: '/metrics',
  tls: { caFile: 'ca.crt', certFile: 'a.crt', keyFile: 'a.key' },
};

describe('targetFiles', () => {
  it('gives each job and cluster its own discovery and credentials', () => {
    const [discovery, job, ...rest] = targetFiles([target]);
    expect(rest).toEqual([]);
    expect(JSON.parse(discovery?.text ?? '')).toEqual([
      { targets: ['127.0.0.1:1'], labels: { job: 'etcd', cluster: 'c/1' } },
    ]);
    expect(JSON.parse(job?.text ?? '')).toMatchObject({
      scrape_configs: [
        {
          scheme: 'https',
          follow_redirects: false,
          tls_config: { ca_file: 'ca.crt', cert_file: 'a.crt', key_file: 'a.key', insecure_skip_verify: false },
          file_sd_configs: [{ files: [`../${discovery?.path}`] }],
        },
      ],
    });
  });

  it('checks the certificate against the name that the kubeconfig says', () => {
    const [, job] = targetFiles([{ ...target, tls: { ...target.tls, serverName: 'api.internal' } }]);
    expect(JSON.parse(job?.text ?? '')).toMatchObject({
      scrape_configs: [{ tls_config: { server_name: 'api.internal' } }],
    });
    expect(targetFiles([target])[1]?.text).not.toContain('server_name');
  });

  it('puts no cluster on what belongs to none, so that the metrics keep their own', () => {
    const [discovery] = targetFiles([{ ...target, cluster: '', labels: { kind: 'x' } }]);
    expect(JSON.parse(discovery?.text ?? '')).toEqual([
      { targets: ['127.0.0.1:1'], labels: { kind: 'x', job: 'etcd' } },
    ]);
  });

  it('gives the targets of a group instances that no other host has', () => {
    const named = { ...target, address: '127.0.0.1:2', labels: { instance: 'belay-worker' } };
    const [discovery] = targetFiles([target, named], 'g3');
    expect(JSON.parse(discovery?.text ?? '')).toMatchObject([
      { targets: ['127.0.0.1:1'], labels: { instance: 'g3:127.0.0.1:1' } },
      { targets: ['127.0.0.1:2'], labels: { instance: 'belay-worker-g3' } },
    ]);
  });

  it('puts several addresses of one job and cluster together, but not with different credentials', () => {
    expect(targetFiles([target, { ...target, address: '127.0.0.1:2' }])).toHaveLength(2);
    expect(() => targetFiles([target, { ...target, address: 'b:2', tls: {} }])).toThrow('127.0.0.1:1 and b:2');
  });

  it('gives targets of one job paths of their own, and the job its parameters, interval and protocol', () => {
    const own = {
      params: { format: ['text'] },
      intervalMs: 10_000,
      timeoutMs: 2_000,
      fallbackProtocol: 'PrometheusProto',
    };
    const first = { ...target, ...own, path: '/a' };
    const [discovery, job] = targetFiles([first, { ...first, path: '/b', labels: { instance: 'b' } }]);
    expect(JSON.parse(discovery?.text ?? '')).toEqual([
      { targets: ['127.0.0.1:1'], labels: { job: 'etcd', cluster: 'c/1' } },
      { targets: ['127.0.0.1:1'], labels: { instance: 'b', job: 'etcd', cluster: 'c/1', __metrics_path__: '/b' } },
    ]);
    expect(JSON.parse(job?.text ?? '')).toMatchObject({
      scrape_configs: [
        {
          metrics_path: '/a',
          params: { format: ['text'] },
          scrape_interval: '10000ms',
          scrape_timeout: '2000ms',
          fallback_scrape_protocol: 'PrometheusProto',
        },
      ],
    });
    // A timeout longer than the interval would be refused, and the default may be one.
    const [, short] = targetFiles([{ ...target, intervalMs: 1_000 }]);
    expect(short?.text).toContain('"scrape_timeout": "1000ms"');
    expect(() => targetFiles([first, { ...first, intervalMs: 5_000 }])).toThrow('interval');
  });

  it('names never collide, nor leave the folder', () => {
    const names = [groupName('a/b', 'c'), groupName('a', 'b/c'), groupName('a_b', 'c'), groupName('..', '/')];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[\w-]+\.[\w-]*\.[0-9a-f]{8}$/);
  });
});
