import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClockAhead } from '../../core/plan/clock-ahead.ts';
import { parseGroupPlacement, type GroupPlacement } from '../../core/campaign/placement.ts';
import { isSafeName } from '../../core/files/safe-name.ts';
import { recordedFields } from '../../core/files/recorded-fields.ts';
import { LEDGER_LOCK_MS } from '../../core/plan/limits.ts';
import { stateFolder } from './folders.ts';
import { releasePortsOf } from './port-claims.ts';
import { writeJsonFile } from './atomic-file.ts';
import { withProcessLockSync } from './process-lock.ts';
import type { ProcessRecord } from './processes.ts';

/** A cluster of a campaign on this host. */
export interface ClusterRecord {
  readonly index: number;
  readonly name: string;
  readonly kubeconfigPath: string;
  /** Context within the kubeconfig; empty = its current one. */
  readonly context: string;
  /** Created by the campaign and removed with it; false = borrowed, and only what the campaign created in it is removed. */
  readonly owned: boolean;
  readonly uid: string;
  /** The campaign has the lease of this borrowed cluster, and a worker of this host renews it. */
  readonly leased?: boolean;
  /** The record of kubeconfigs that this one is from; it is removed with the cluster. */
  readonly targetRecord?: string;
  /** The campaign's page, which the lease names. */
  readonly leaseLink?: string;
  /**
   * What the system has brought into it: kinds of objects (`plural.group`), and the finalizers that may be taken off when its
   * controllers are gone.
   */
  readonly brought?: { readonly kinds: readonly string[]; readonly finalizers: readonly string[] };
  /** How much the clock of this borrowed cluster was ahead of this host's when the campaign began. */
  readonly clock?: ClockAhead;
  /** Another campaign has taken the lease over, because it was not renewed: this one must not use the cluster any more. */
  readonly lostTo?: string;
}

/** A process of a campaign on this host. */
export interface LedgerProcess extends ProcessRecord {
  /** The keeper restarts it when it dies. */
  readonly restart: boolean;
  /** The cluster it serves; absent = the whole campaign. */
  readonly cluster?: string;
  /** Its ports, by their names in the system file. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** The worker that watches a campaign's Pods, and whose /metrics its Prometheus scrapes for that. */
export interface WatchingWorker {
  readonly pid: number;
  readonly startTicks: string;
  /** Port of its /metrics on loopback. */
  readonly metricsPort: number;
}

/**
 * Everything a campaign created on this host outside of Kubernetes, written before or while it is created. The next worker
 * continues from it, teardown removes what it lists, and the janitor removes what is left when the campaign is gone.
 */
export interface Ledger {
  readonly campaign: string;
  readonly slug: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly clusters: readonly ClusterRecord[];
  readonly processes: readonly LedgerProcess[];
  /** One of the workers of a host watches: the counts of two of them must not be added. */
  readonly worker?: WatchingWorker;
  /** Teardown has begun: processes end on purpose, and none is restarted. */
  readonly closing?: boolean;
  /** Its workflow has ended and left this behind: none of its parts is restarted. */
  readonly abandoned?: boolean;
  /** A user keeps what the campaign has on this host until this moment: neither its teardown nor a sweep removes it before. */
  readonly keptUntilMs?: number;
  /** Capacity of this host, in clusters, that the campaign may use until the ledger is removed or expires. */
  readonly leasedClusters?: number;
  /** Memory of this host that its clusters are estimated to need. */
  readonly reservedBytes?: number;
  /** The campaign's group on this host. Absent: the campaign has one host. */
  readonly group?: GroupPlacement;
}

const LEDGER_FILE = 'ledger.json';

/**
 * Folder of a campaign's working files on this host: kubeconfigs, cluster state, Prometheus data. Gone after teardown.
 * @throws RangeError for a slug that would lead elsewhere
 */
export function campaignFolder(slug: string): string {
  if (!isSafeName(slug)) throw new RangeError(`${JSON.stringify(String(slug).slice(0, 80))} is no slug of a campaign`);
  return join(stateFolder(), 'campaigns', slug);
}

/** The lock for starting a process of this name, so that two workers that miss it do not both start it. */
export function startLockPath(slug: string, name: string): string {
  return join(campaignFolder(slug), name, 'start.lock');
}

/**
 * Reads a campaign's ledger; undefined when there is none.
 * @throws UnreadableRecord naming a field of its group that this version cannot read
 */
export function readLedger(slug: string): Ledger | undefined {
  try {
    return withPlacement(JSON.parse(readFileSync(join(campaignFolder(slug), LEDGER_FILE), 'utf8')) as Ledger);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** A ledger whose group was placed by a worker of another version, perhaps. */
function withPlacement(ledger: Ledger): Ledger {
  const fields = recordedFields(`ledger of ${ledger.slug}`, ledger);
  return {
    ...ledger,
    ...(fields.has('leasedClusters') ? { leasedClusters: fields.count('leasedClusters') } : {}),
    ...(fields.has('reservedBytes') ? { reservedBytes: fields.count('reservedBytes') } : {}),
    ...(fields.has('group') ? { group: parseGroupPlacement(fields.object('group')) } : {}),
  };
}

/** Replaces a ledger. A reader sees the old one or the new one. */
export function writeLedger(ledger: Ledger): void {
  withLedgerLock(ledger.slug, () => replaceLedger(ledger));
}

/** Writes a campaign's first ledger. An existing one stays as it is. */
export function openLedger(ledger: Ledger): void {
  withLedgerLock(ledger.slug, () => {
    if (readLedger(ledger.slug) === undefined) replaceLedger(ledger);
  });
}

/**
 * Applies a change to a ledger that exists. Keeper and stages may run in several processes: of two changes at once, in one
 * process or in two, neither is lost.
 * @throws Error when there is no ledger, or another process has held its lock for `LEDGER_LOCK_MS`
 */
export function updateLedger(slug: string, change: (ledger: Ledger) => Ledger): Ledger {
  const next = changeLedger(slug, change);
  if (next === undefined) throw new Error(`no ledger for ${slug} in ${campaignFolder(slug)}`);
  return next;
}

/** Applies a change to a ledger; undefined, and nothing is written, when there is none. */
function changeLedger(slug: string, change: (ledger: Ledger) => Ledger): Ledger | undefined {
  return withLedgerLock(slug, () => {
    const ledger = readLedger(slug);
    if (ledger === undefined) return undefined;
    const next = change(ledger);
    replaceLedger(next);
    return next;
  });
}

function replaceLedger(ledger: Ledger): void {
  // What is in a borrowed cluster survives a power failure of this host.
  const durable = ledger.clusters.some(({ owned }) => !owned);
  writeJsonFile(join(campaignFolder(ledger.slug), LEDGER_FILE), ledger, { durable });
}

/** Runs `work` while the campaign has a ledger, and no other process changes or removes it. @returns whether it has one */
export function withLedger(slug: string, work: () => void): boolean {
  return withLedgerLock(slug, () => {
    const exists = readLedger(slug) !== undefined;
    if (exists) work();
    return exists;
  });
}

/** Runs `work` while no other process changes the ledger. The lock lies outside the campaign's folder, which teardown removes. */
function withLedgerLock<T>(slug: string, work: () => T): T {
  return withProcessLockSync(join(stateFolder(), 'locks', `${slug}.ledger`), LEDGER_LOCK_MS, work);
}

/** Puts a cluster on record, in place of one of the same name. */
export function recordCluster(slug: string, cluster: ClusterRecord): void {
  updateLedger(slug, (ledger) => ({
    ...ledger,
    clusters: [...ledger.clusters.filter((other) => other.name !== cluster.name), cluster].sort(
      (a, b) => a.index - b.index,
    ),
  }));
}

/** Puts a process on record, in place of one of the same name. `restart`: the keeper starts it again when it died. */
export function recordProcess(
  slug: string,
  record: ProcessRecord,
  restart: boolean,
  more: Pick<LedgerProcess, 'cluster' | 'ports'> = {},
): void {
  updateLedger(slug, (ledger) => ({
    ...ledger,
    processes: [...ledger.processes.filter((other) => other.name !== record.name), { ...record, restart, ...more }],
  }));
}

/** Takes a cluster that is gone off the record. Does nothing when there is no ledger. */
export function forgetCluster(slug: string, name: string): void {
  changeLedger(slug, (ledger) => ({ ...ledger, clusters: ledger.clusters.filter((other) => other.name !== name) }));
}

/** Takes a process that is gone off the record. Does nothing when there is no ledger. */
export function forgetProcess(slug: string, name: string): void {
  changeLedger(slug, (ledger) => ({ ...ledger, processes: ledger.processes.filter((other) => other.name !== name) }));
}

/** Marks a campaign as being torn down: the keeper leaves it alone from now on. Does nothing when there is no ledger. */
export function markClosing(slug: string): void {
  changeLedger(slug, (ledger) => ({ ...ledger, closing: true }));
}

/** Records whether a campaign is abandoned, so that the keeper of this host knows it. Does nothing when there is no ledger. */
export function markAbandoned(slug: string, abandoned: boolean): void {
  if ((readLedger(slug)?.abandoned ?? false) === abandoned) return;
  changeLedger(slug, (ledger) => ({ ...ledger, abandoned }));
}

/** Keeps what a campaign has on this host until a moment; one that has passed ends an earlier keep. */
function keepUntil(slug: string, keptUntilMs: number): void {
  updateLedger(slug, (ledger) => ({ ...ledger, keptUntilMs }));
}

/**
 * Keeps what a campaign has on this host until a moment. @param id of its workflow, or its name @returns the campaigns; none where this
 * host has nothing of it
 */
export function keepCampaign(id: string, keptUntilMs: number): readonly Ledger[] {
  const kept = ledgersHere().filter(({ workflowId, campaign }) => workflowId === id || campaign === id);
  for (const { slug } of kept) keepUntil(slug, keptUntilMs);
  return kept;
}

/** The same as long as no user has said how long: what a user says later counts. */
export function keepAtFirst(slug: string, keptUntilMs: number): void {
  updateLedger(slug, (ledger) => ({ keptUntilMs, ...ledger }));
}

/** Slugs of all campaigns that have a folder on this host. */
export function ledgerSlugs(): readonly string[] {
  return namesIn(join(stateFolder(), 'campaigns'));
}

/**
 * The ledgers of this host, but for those that cannot be read, e.g. since a power failure: one must not keep the others from what is
 * due to them.
 */
export function ledgersHere(onUnreadable: (slug: string, cause: unknown) => void = () => undefined): readonly Ledger[] {
  return ledgerSlugs().flatMap((slug) => {
    try {
      return readLedger(slug) ?? [];
    } catch (cause) {
      onUnreadable(slug, cause);
      return [];
    }
  });
}

/** The ledger of a campaign, by its name; undefined when this host has none. */
export function ledgerOf(campaign: string): Ledger | undefined {
  return ledgersHere().find((ledger) => ledger.campaign === campaign);
}

/** Removes a campaign's folder and gives its ports back: the last step of its teardown. The ledger goes last, whatever cuts it off. */
export function removeCampaignFolder(slug: string): void {
  releasePortsOf(slug);
  const folder = campaignFolder(slug);
  for (const name of namesIn(folder)) {
    if (name !== LEDGER_FILE) rmSync(join(folder, name), { recursive: true, force: true });
  }
  withLedgerLock(slug, () => rmSync(folder, { recursive: true, force: true }));
}

/**
 * Removes the folders of campaigns that have no ledger: a teardown that was frozen, and goes on after another one has removed all, may
 * make a file anew.
 */
export function removeFoldersWithoutLedger(): void {
  for (const slug of ledgerSlugs().filter(isSafeName)) {
    withLedgerLock(slug, () => {
      if (!existsSync(join(campaignFolder(slug), LEDGER_FILE)))
        rmSync(campaignFolder(slug), { recursive: true, force: true });
    });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
