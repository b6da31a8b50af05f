import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa, ExecaError } from 'execa';
import { makeFolder } from '../host/make-folder.ts';
import { HELM_STOP_MS } from '../../core/plan/limits.ts';
import { LABELS } from '../../core/plan/labels.ts';
import { stateFolder } from '../host/folders.ts';
import { SystemNotReady } from './system-ready.ts';

/** A chart's release on one cluster, made for one campaign. */
export interface Release {
  /** Path of the helm binary. */
  readonly helm: string;
  readonly kubeconfigPath: string;
  /** Empty = the kubeconfig's current one. */
  readonly context: string;
  readonly release: string;
  readonly namespace: string;
  /** The campaign's name; the release carries it as a label. */
  readonly campaign: string;
  readonly signal: AbortSignal;
  /** How long the whole step may take, ms. */
  readonly budgetMs: number;
}

/** What helm reports of a release that exists. */
interface ReleaseStatus {
  readonly status: string;
  readonly campaign: string | undefined;
}

/**
 * Where a system's chart is: `BELAY_CHART_<SYSTEM>` of the worker's environment, an OCI or repository reference as it is, or a
 * folder or archive beside the system file.
 * @throws Error that names the place when a folder is not there
 */
export function chartReference(system: string, chart: string, systemFolder: string): string {
  const variable = `BELAY_CHART_${system.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  const asked = process.env[variable] ?? '';
  const reference = asked === '' ? chart : asked;
  if (/^(?:oci|https?):\/\//.test(reference)) return reference;
  const path = asked === '' ? resolve(systemFolder, reference) : resolve(reference);
  if (existsSync(path)) return path;
  throw new Error(
    `system ${system}: no chart at ${path}; allowed: a chart beside the system file, or its path or OCI reference in ${variable}`,
  );
}

/**
 * Installs or upgrades a release and waits until its objects are ready. Running it again changes nothing; a release that a
 * dead worker left half made is made anew.
 * @param chart see {@link chartReference}
 * @throws SystemNotReady with helm's own words for a release that was made and did not become ready; Error when there is
 *   none, or one of that name belongs to somebody else
 */
export async function upgradeRelease(release: Release, chart: string, values: unknown): Promise<void> {
  const endsAtMs = performance.now() + release.budgetMs;
  const there = await statusOf(release);
  if (there !== undefined && there.campaign !== release.campaign) {
    throw new Error(
      `helm release ${release.release} in namespace ${release.namespace} exists already and was not made by this campaign` +
        `${there.campaign === undefined ? '' : ` but by ${there.campaign}`}; allowed: a cluster without it`,
    );
  }
  if (there?.status.startsWith('pending-') === true || there?.status === 'failed') await removeRelease(release);
  const folder = join(stateFolder(), 'helm');
  makeFolder(folder);
  const file = join(folder, `${release.campaign}.${release.release}.${process.pid}.json`);
  writeFileSync(file, JSON.stringify(values ?? {}), { mode: 0o600 });
  const leftMs = Math.max(1_000, endsAtMs - performance.now());
  try {
    const labels = `${LABELS.campaign}=${release.campaign}`;
    const timeout = `${Math.ceil(leftMs / 1_000)}s`;
    const install = ['upgrade', release.release, chart, '--install', '--create-namespace', '--values', file];
    await helm(release, [...install, '--labels', labels, '--wait', '--timeout', timeout]);
  } catch (cause) {
    release.signal.throwIfAborted();
    // An unavailable chart, or a cluster that does not answer, leaves no release or the earlier healthy one.
    const made = await statusOf(release).catch(() => undefined);
    if (made === undefined || made.status === 'deployed' || !(cause instanceof Error)) throw cause;
    throw new SystemNotReady(cause.message, { cause });
  } finally {
    rmSync(file, { force: true });
  }
}

/** Removes a campaign's release and waits until its objects are gone. One that is not there, or somebody else's, is let be. */
export async function removeRelease(release: Release): Promise<void> {
  const there = await statusOf(release);
  if (there?.campaign !== release.campaign) return;
  const seconds = Math.max(1, Math.ceil(release.budgetMs / 1_000));
  await helm(release, ['uninstall', release.release, '--ignore-not-found', '--wait', '--timeout', `${seconds}s`]);
}

/**
 * Name and version of the chart that a release was made from.
 * @throws Error when there is no such release
 */
export async function chartOfRelease(release: Release): Promise<{ readonly name: string; readonly version: string }> {
  const [listed] = await list(release, ['--filter', `^${release.release}$`, '--output', 'json']);
  // The version begins at the first hyphen before a digit that is followed by dots: `bigfleet-scaletest-1.2.3-rc.1`.
  const [, name, version] = /^(.+?)-(v?\d+\.\d+\.\d+.*)$/.exec(listed?.chart ?? '') ?? [];
  if (name === undefined || version === undefined) throw new Error(`helm lists no release ${release.release}`);
  return { name, version };
}

async function statusOf(release: Release): Promise<ReleaseStatus | undefined> {
  // Of all its revisions the newest; `helm status` does not tell labels.
  const selector = ['--namespace', release.namespace, '--filter', `^${release.release}$`, '--output', 'json'];
  const ours = ['--selector', `${LABELS.campaign}=${release.campaign}`];
  const [all, own] = await Promise.all([list(release, selector), list(release, [...selector, ...ours])]);
  const status = all[0]?.status;
  if (status === undefined) return undefined;
  return { status, campaign: own.length > 0 ? release.campaign : undefined };
}

/** A release as `helm list` shows it. `chart` is name and version, joined by a hyphen. */
interface ListedRelease {
  readonly status: string;
  readonly chart: string;
}

async function list(release: Release, args: readonly string[]): Promise<readonly ListedRelease[]> {
  return JSON.parse(await helm(release, ['list', ...args])) as readonly ListedRelease[];
}

/** Runs helm with folders of its own, so that it leaves nothing in the user's. */
async function helm(release: Release, args: readonly string[]): Promise<string> {
  const folder = join(stateFolder(), 'helm');
  const where = ['--namespace', release.namespace, '--kubeconfig', release.kubeconfigPath];
  const context = release.context === '' ? [] : ['--kube-context', release.context];
  try {
    const { stdout } = await execa(release.helm, [...args, ...where, ...context], {
      env: {
        HELM_CACHE_HOME: join(folder, 'cache'),
        HELM_CONFIG_HOME: join(folder, 'config'),
        HELM_DATA_HOME: join(folder, 'data'),
      },
      stdin: 'ignore',
      timeout: release.budgetMs,
      cancelSignal: release.signal,
      forceKillAfterDelay: HELM_STOP_MS,
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    release.signal.throwIfAborted();
    const said = (error.stderr as string | undefined)?.trim().split('\n').at(-1) ?? '';
    const why = error.timedOut ? `not done within ${release.budgetMs} ms` : said === '' ? error.shortMessage : said;
    throw new Error(`helm ${args[0]} ${release.release} in namespace ${release.namespace}: ${why}`, { cause: error });
  }
}
