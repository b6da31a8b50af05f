import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import type { Fault } from './options.ts';

/** How a stand-in for BigFleet is started. */
export interface StandinSystem {
  readonly name: string;
  readonly fault?: Fault;
  /** Default: with the first Pod of the load that is replaced, early in the soak. */
  readonly from?: 'start' | 'churn';
  readonly faultAfterMs?: number;
}

/** What a profile of the stand-in differs in. */
export interface StandinProfile {
  readonly name: string;
  readonly system: string;
  readonly soakSeconds: number;
  readonly failNodeAtSeconds?: number;
  readonly slo?: Readonly<Record<string, unknown>>;
  readonly gates?: Readonly<Record<string, unknown>>;
}

/** Machines that the load of a stand-in needs, and Pods that one holds. */
const MACHINES = 5;
const PODS_PER_MACHINE = 8;

const JOB = 'bigfleet';

/** A system file that starts the stand-in and judges it by every gate of `systems/bigfleet.yaml`. */
export function standinSystem({ name, fault, from, faultAfterMs }: StandinSystem): string {
  const args = {
    kubeconfig: '${kubeconfig}',
    port: '${port.http}',
    'pods-per-machine': String(PODS_PER_MACHINE),
    ...(fault === undefined ? {} : { fault }),
    ...(from === undefined ? {} : { from }),
    ...(faultAfterMs === undefined ? {} : { 'fault-after-ms': String(faultAfterMs) }),
  };
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'System',
    metadata: { name, description: 'A stand-in for BigFleet' },
    capacity: 'system',
    install: {
      processes: [
        {
          name: 'bigfleet',
          tool: process.execPath,
          args: [
            join(import.meta.dirname, 'main.ts'),
            ...Object.entries(args).map(([key, value]) => `--${key}=${value}`),
          ],
          ports: ['http'],
          // One that dies is a bug of the stand-in and must be seen.
          restart: false,
        },
      ],
    },
    ready: { http: [{ process: 'bigfleet', port: 'http', path: '/healthz' }], timeout: '30s' },
    scrape: [{ job: JOB, process: 'bigfleet', port: 'http' }],
    gates: bigfleetGates(),
  });
}

/** A profile of a campaign of some 40 s: 5 machines, 40 Pods, one replaced every second. */
export function standinProfile({ name, system, soakSeconds, failNodeAtSeconds, slo, gates }: StandinProfile): string {
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Profile',
    metadata: { name, description: 'a small campaign of the stand-in for BigFleet' },
    system,
    scale: { machines: MACHINES, density: PODS_PER_MACHINE },
    catalog: { archetypes: 'standin' },
    loadProfile: { rampSeconds: 3, soakSeconds, churnPerMinute: 1.5 },
    rampBudget: '60s',
    ...(failNodeAtSeconds === undefined
      ? {}
      : { runnerActions: [{ atSeconds: failNodeAtSeconds, action: 'fail-node' }] }),
    ...(slo === undefined ? {} : { slo }),
    ...(gates === undefined ? {} : { gates }),
    deadlines: { gateInterval: '2s', query: '2s', apiCall: '5s', podReady: '5s' },
  });
}

/** One kind of Pod, one size: a machine holds a known number of them. */
export const STANDIN_CATALOGUE: string = stringify({
  apiVersion: 'belay.dev/v1',
  kind: 'Catalogue',
  metadata: { name: 'standin', description: 'one kind of Pod' },
  archetypes: [
    {
      name: 'web',
      weight: 1,
      instanceTypes: ['m6i.4xlarge'],
      sizeBuckets: [{ weight: 1, resources: { cpu: '500m', memory: '512Mi' } }],
    },
  ],
});

/**
 * The gates of BigFleet's system file. The one process is all components, and subqueries have steps of which a soak of seconds
 * has several.
 */
function bigfleetGates(): unknown {
  const text = readFileSync(join(repositoryFolder, 'systems', 'bigfleet.yaml'), 'utf8')
    .replaceAll('[$window:15s]', '[$window:1s]')
    .replaceAll(/\bjob: bigfleet-\w+/g, `job: ${JOB}`);
  const { gates } = parse(text) as { readonly gates: unknown };
  return gates;
}
