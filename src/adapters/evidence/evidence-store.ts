import { join } from 'node:path';
import { z } from 'zod';
import type { EvidencePart } from '../../core/campaign/stage-io.ts';
import { EVIDENCE_FILES_AT_ONCE, STORE_CHECK_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { endpointClient } from '../fleet/endpoint-client.ts';
import { evidencePath, GROUP_MANIFEST } from '../fleet/endpoint-route.ts';
import { evidenceInbox, GROUPS } from '../fleet/evidence-inbox.ts';
import type { FleetAccess } from '../fleet/fleet-access.ts';
import { allAtOnce } from '../host/at-once.ts';
import { readJsonFile } from '../host/atomic-file.ts';
import { evidenceSetting } from '../host/evidence-setting.ts';
import { listFiles, type ListedFile } from '../host/listed-files.ts';
import type { CallLimits } from '../host/try-again.ts';
import { s3Objects, type S3Objects } from './s3-objects.ts';

/*
 * Evidence between hosts, and out of them. A member puts its files, and then their list, into the store that BELAY_EVIDENCE
 * names, or sends them to the endpoint of its lead. The lead takes them into `groups/<group>/` of the campaign's run folder. In
 * the store a campaign's keys are the paths of its run folder, so that what the lead puts there in the end is there already.
 */

/** Evidence of a campaign that is moved, and the bounds of moving it. */
interface Transfer extends CallLimits {
  readonly campaign: string;
  /** `runs/<campaign>/` of this host. */
  readonly folder: string;
  /** Called after every file. */
  readonly onFile?: (path: string, done: number, total: number) => void;
}

/** What was moved. */
interface Moved {
  readonly files: number;
  readonly bytes: number;
  /** Files that were not there yet. */
  readonly sent: number;
}

/**
 * Sends all files of a member's run folder to where its lead finds them. What is there already is not sent again. When it
 * returns, all of it is there, and was checked by sha256.
 * @throws Error with the reason
 */
export async function uploadGroup(
  transfer: Transfer & {
    readonly group: string;
    readonly lead: { readonly endpointUrl: string; readonly access: FleetAccess };
  },
): Promise<Moved> {
  const files = await listFiles(transfer.folder, [GROUP_MANIFEST], transfer.signal);
  const setting = evidenceSetting();
  return setting === undefined
    ? await sendToLead(transfer, files)
    : await withStore(async (store) => {
        const keys = `${transfer.campaign}/${GROUPS}/${transfer.group}/`;
        await requireAnswer(store, keys, transfer);
        const moved = await putAll(store, keys, transfer, files);
        await store.putText(`${keys}${GROUP_MANIFEST}`, manifestText(files), transfer);
        return moved;
      });
}

/**
 * Takes the evidence of groups into the lead's run folder, from the store, unless the endpoint has received it. What does not
 * come, or is not what its host listed, is named; the rest goes on.
 * @throws the signal's reason when it aborts; nothing else
 */
export async function collectGroups(
  transfer: Transfer & { readonly groups: readonly string[] },
): Promise<readonly EvidencePart[]> {
  const parts: EvidencePart[] = [];
  for (const group of transfer.groups) {
    const what = `evidence of group ${group}`;
    try {
      await collectGroup(transfer, group);
      parts.push({ what, ok: true });
    } catch (cause) {
      transfer.signal.throwIfAborted();
      parts.push({ what, ok: false, error: messageOf(cause) });
    }
  }
  return parts;
}

/**
 * Puts a finished run folder into the store: the files of its manifest, and then the manifest.
 * @returns undefined when no store is set. @throws Error with the reason
 */
export async function uploadRun(transfer: Transfer): Promise<(Moved & { readonly to: string }) | undefined> {
  if (evidenceSetting() === undefined) return undefined;
  const manifest = readJsonFile(join(transfer.folder, GROUP_MANIFEST));
  if (manifest === undefined) throw new Error(`there is no ${GROUP_MANIFEST} in ${transfer.folder}`);
  const files = parsedManifest(manifest);
  return await withStore(async (store) => {
    const keys = `${transfer.campaign}/`;
    await requireAnswer(store, keys, transfer);
    const moved = await putAll(store, keys, transfer, files);
    await store.putText(`${keys}${GROUP_MANIFEST}`, manifestText(files), transfer);
    return { ...moved, to: `${store.text.replace(/\/$/, '')}/${transfer.campaign}/` };
  });
}

/** Puts an object into the store that is set, reads it and removes it. @throws Error naming the setting and what is wrong */
export async function tryStore(name: string, limits: CallLimits): Promise<void> {
  await withStore(async (store) => {
    await store.putText(name, name, limits);
    try {
      const found = await store.getText(name, limits);
      if (found !== name) throw new Error(`${store.text}: an object that was just put is not there`);
    } finally {
      await store.remove(name, limits);
    }
  });
}

async function sendToLead(
  transfer: Transfer & {
    readonly group: string;
    readonly lead: { readonly endpointUrl: string; readonly access: FleetAccess };
  },
  files: readonly ListedFile[],
): Promise<Moved> {
  const { group, lead, folder } = transfer;
  const client = endpointClient(lead.endpointUrl, lead.access);
  try {
    const missing = new Set(await client.complete(group, files, transfer));
    const toSend = files.filter(({ path }) => missing.has(path));
    await eachFile(toSend, transfer, (file, limits) => client.putFile(group, file, join(folder, file.path), limits));
    const left = toSend.length === 0 ? [] : await client.complete(group, files, transfer);
    if (left.length > 0) throw new Error(`the lead does not have ${left.slice(0, 3).join(', ')} as it was sent`);
    return movedOf(files, toSend.length);
  } finally {
    await client.close();
  }
}

async function collectGroup(transfer: Transfer, group: string): Promise<void> {
  const { folder, campaign, signal } = transfer;
  const inbox = evidenceInbox(folder);
  const received = readJsonFile(join(folder, GROUPS, group, GROUP_MANIFEST));
  if (received !== undefined) {
    const missing = await inbox.complete(group, parsedManifest(received), signal);
    if (missing.length === 0) return;
  }
  if (evidenceSetting() === undefined)
    throw new Error(
      received === undefined
        ? 'its host did not send it; a host that has BELAY_EVIDENCE set puts it there, and the lead needs the same setting'
        : 'it was changed after it was received',
    );
  await withStore(async (store) => {
    const keys = `${campaign}/${GROUPS}/${group}/`;
    const text = await store.getText(`${keys}${GROUP_MANIFEST}`, transfer);
    if (text === undefined) throw new Error(`its host has put no list of its files into ${store.text}`);
    const files = parsedManifest(JSON.parse(text));
    const missing = new Set(await inbox.complete(group, files, signal));
    const toFetch = files.filter(({ path }) => missing.has(path));
    await eachFile(toFetch, transfer, (file, limits) =>
      store.get(keys + file.path, (content) => inbox.receive(group, file, content), limits),
    );
    const left = await inbox.complete(group, files, signal);
    if (left.length > 0) throw new Error(`${left.slice(0, 3).join(', ')} could not be kept as listed`);
  });
}

/** A store that does not answer at all is found out before the time of a file has passed. */
async function requireAnswer(store: S3Objects, keys: string, { signal, budgetMs }: Transfer): Promise<void> {
  await store.getText(`${keys}${GROUP_MANIFEST}`, { signal, budgetMs: Math.min(budgetMs, STORE_CHECK_MS) });
}

async function putAll(
  store: S3Objects,
  keys: string,
  transfer: Transfer,
  files: readonly ListedFile[],
): Promise<Moved> {
  let sent = 0;
  await eachFile(files, transfer, async (file, limits) => {
    if (await store.putFile(keys + file.path, file, join(transfer.folder, file.path), limits)) sent += 1;
  });
  return movedOf(files, sent);
}

/** Moves files, several at once. The first failure stops the others. */
async function eachFile(
  files: readonly ListedFile[],
  { signal, budgetMs, onFile }: Transfer,
  move: (file: ListedFile, limits: CallLimits) => Promise<unknown>,
): Promise<void> {
  let done = 0;
  await allAtOnce(files, { atOnce: EVIDENCE_FILES_AT_ONCE, signal }, async (file, inner) => {
    await move(file, { signal: inner, budgetMs });
    done += 1;
    onFile?.(file.path, done, files.length);
  });
}

/** Works with the store that is set. */
export async function withStore<T>(work: (store: S3Objects) => Promise<T>): Promise<T> {
  const setting = evidenceSetting();
  if (setting === undefined) throw new Error('BELAY_EVIDENCE is not set');
  const store = await s3Objects(setting);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

const MANIFEST = z.object({
  files: z.array(
    z.object({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

/** The files of a list that another host may have written. @throws Error when it is no list, or a path leads out of its folder */
export function parsedManifest(value: unknown): readonly ListedFile[] {
  const parsed = MANIFEST.safeParse(value);
  if (!parsed.success) throw new Error(`its ${GROUP_MANIFEST} is no list of files`);
  for (const { path } of parsed.data.files) evidencePath(path);
  return parsed.data.files;
}

function manifestText(files: readonly ListedFile[]): string {
  return `${JSON.stringify({ algorithm: 'sha256', files }, undefined, 2)}\n`;
}

function movedOf(files: readonly ListedFile[], sent: number): Moved {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), sent };
}
