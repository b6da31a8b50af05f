import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSafeName } from '../../core/files/safe-name.ts';
import { EVIDENCE_FILES_AT_ONCE, STORE_ANSWER_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { GROUP_MANIFEST } from '../fleet/endpoint-route.ts';
import { evidenceInbox } from '../fleet/evidence-inbox.ts';
import { allAtOnce } from '../host/at-once.ts';
import { writeJsonFile } from '../host/atomic-file.ts';
import type { CallLimits } from '../host/try-again.ts';
import { parsedManifest, withStore } from './evidence-store.ts';
import type { S3Objects } from './s3-objects.ts';
import { storeRunsFolder } from './store-runs-folder.ts';

/*
 * Runs that are in the store of evidence and not in the runs folder. What was fetched of them is kept in the state folder, a folder
 * for each store, so that the index reads them as it reads the runs folder.
 */

/** What came of fetching summaries. */
interface Fetched {
  readonly fetched: readonly string[];
  readonly failed: readonly { readonly id: string; readonly why: string }[];
}

/**
 * Fetches the summaries of runs that are not here.
 * @param isHere whether the runs folder has the run
 * @throws Error when the store cannot be read
 */
export async function fetchSummaries(isHere: (id: string) => boolean, limits: CallLimits): Promise<Fetched> {
  const folder = storeRunsFolder() ?? '';
  return await withStore(async (store) => {
    const missing = (await store.folders(limits)).filter(
      (id) => isSafeName(id) && !isHere(id) && sizeOf(join(folder, id, 'summary.json')) === undefined,
    );
    const fetched: string[] = [];
    const failed: { readonly id: string; readonly why: string }[] = [];
    await allAtOnce(missing, { atOnce: EVIDENCE_FILES_AT_ONCE, signal: limits.signal }, async (id, signal) => {
      try {
        if (await fetchFiles(store, id, (path) => path === 'summary.json', { ...limits, signal })) fetched.push(id);
      } catch (cause) {
        signal.throwIfAborted();
        failed.push({ id, why: messageOf(cause) });
      }
    });
    return { fetched, failed };
  });
}

/**
 * Fetches files of a run, those that are not here yet.
 * @returns its folder; undefined when the store has no finished run of this name
 * @throws Error when the store cannot be read, or has another content than it lists
 */
export async function fetchRunFiles(
  id: string,
  wanted: (path: string) => boolean,
  limits: CallLimits,
): Promise<string | undefined> {
  const folder = storeRunsFolder();
  if (folder === undefined || !isSafeName(id)) return undefined;
  const isThere = await withStore((store) => fetchFiles(store, id, wanted, limits));
  return isThere ? join(folder, id) : undefined;
}

async function fetchFiles(
  store: S3Objects,
  id: string,
  wanted: (path: string) => boolean,
  limits: CallLimits,
): Promise<boolean> {
  const root = storeRunsFolder() ?? '';
  const answer = { ...limits, budgetMs: Math.min(limits.budgetMs, STORE_ANSWER_MS) };
  const text = await store.getText(`${id}/${GROUP_MANIFEST}`, answer);
  // The list is put last: without it the run is not finished.
  if (text === undefined) return false;
  const files = parsedManifest(JSON.parse(text));
  const inbox = evidenceInbox(dirname(root));
  const missing = files.filter(({ path, bytes }) => wanted(path) && sizeOf(join(root, id, path)) !== bytes);
  await allAtOnce(missing, { atOnce: EVIDENCE_FILES_AT_ONCE, signal: limits.signal }, (file, signal) =>
    store.get(`${id}/${file.path}`, (content) => inbox.receive(id, file, content), { ...limits, signal }),
  );
  writeJsonFile(join(root, id, GROUP_MANIFEST), { algorithm: 'sha256', files });
  return true;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
