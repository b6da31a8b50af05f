import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { HostClass } from '../../core/identity/identity-schema.ts';

const GIB = 2 ** 30;

/** Files and variables that only containers have. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv'];
const CONTAINER_VARIABLES = ['KUBERNETES_SERVICE_HOST', 'container'];

/** The kind of this machine: what decides its speed, and nothing that only names it. */
export function hostClass(): HostClass {
  const memory = totalmem();
  // 0, or more than the machine has, means without a limit.
  const limit = process.constrainedMemory();
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    os: osRelease(),
    // Without its build: `6.12.74+deb13-amd64` is `6.12.74`.
    kernel: /^\d+(?:\.\d+)*/.exec(release())?.[0] ?? release(),
    cpuModel: cpuModel(),
    cores: cpus().length,
    memoryGib: Math.round(memory / GIB),
    // Heeds CPU affinity and the CPU quota of the cgroup.
    effectiveCores: availableParallelism(),
    effectiveMemoryGib: Math.round((limit > 0 ? Math.min(memory, limit) : memory) / GIB),
    container:
      CONTAINER_FILES.some((file) => existsSync(file)) ||
      CONTAINER_VARIABLES.some((name) => (process.env[name] ?? '') !== ''),
  };
}

/** Distribution and its version, e.g. `debian 13`. */
function osRelease(): string {
  const text = readText('/etc/os-release');
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  const known = `${field('ID')} ${field('VERSION_ID')}`.trim();
  return known === '' ? platform() : known;
}

/** Node.js reports no model for most ARM CPUs. Their implementer and part numbers identify them as well. */
function cpuModel(): string {
  const model = (cpus()[0]?.model ?? '').trim();
  if (model !== '' && model !== 'unknown') return model;
  const text = readText('/proc/cpuinfo');
  const field = (name: string): string => new RegExp(`^${name}\\s*:\\s*(\\S+)`, 'm').exec(text)?.[1] ?? 'unknown';
  return `implementer ${field('CPU implementer')}, part ${field('CPU part')}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
