import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { lstat, mkdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../host/make-folder.ts';
import { EVIDENCE_FILE_BYTES } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';
import { sha256OfBeginning, type ListedFile } from '../host/listed-files.ts';
import { GROUP_MANIFEST } from './endpoint-route.ts';
import { Refusal } from './refusal.ts';

/** The folder of the lead's evidence that has one folder for each group of a member. */
export const GROUPS = 'groups';

/** Files on their way. The ending keeps them out of every list of evidence. */
const INCOMING = 'incoming.tmp';

/** Takes the evidence of members into `<folder>/groups/<group>/`. */
export interface EvidenceInbox {
  /**
   * Takes one file: into a temporary file, checked, then renamed. A file of the same path is replaced.
   * @throws Refusal with the reason; whatever happens, the file is whole or as it was
   */
  receive(group: string, file: ListedFile, content: Readable): Promise<void>;
  /**
   * Compares a group's files with the list of all that it has. Where they agree, the list is kept as the group's manifest.
   * @returns paths that are missing or different
   */
  complete(group: string, files: readonly ListedFile[], signal: AbortSignal): Promise<readonly string[]>;
}

/** Removes what the worker that served a campaign before left unfinished in its run folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  await rm(join(folder, GROUPS, INCOMING), { recursive: true, force: true });
}

/** The file of a run folder that says from which groups the lead takes evidence; without it, from all. */
const TAKEN = 'taken.json';

/** From now on the lead takes the evidence of these groups and of no others. What others have not sent completely is removed. */
export function takeOnly(folder: string, groups: readonly string[], others: readonly string[]): void {
  const root = join(folder, GROUPS);
  const complete = others.filter((group) => existsSync(join(root, group, GROUP_MANIFEST)));
  writeJsonFile(join(root, TAKEN), { groups: [...groups, ...complete] });
  for (const group of others)
    if (!complete.includes(group)) rmSync(join(root, group), { recursive: true, force: true });
}

/** The groups whose evidence the lead takes; undefined before it has collected any. */
export function takenGroups(folder: string): readonly string[] | undefined {
  return (readJsonFile(join(folder, GROUPS, TAKEN)) as { readonly groups: readonly string[] } | undefined)?.groups;
}

/** The inbox of a run folder. */
export function evidenceInbox(folder: string): EvidenceInbox {
  const root = join(folder, GROUPS);
  return {
    async receive(group, { path, bytes, sha256 }, content) {
      if (bytes > EVIDENCE_FILE_BYTES)
        throw new Refusal(413, `${bytes} bytes are more than the ${EVIDENCE_FILE_BYTES} that a file may have`);
      try {
        const target = join(await madeFolder(root, join(group, dirname(path))), path.split('/').at(-1) ?? '');
        if ((await lstatOf(target))?.isDirectory() === true) throw new Refusal(409, 'a folder of this path exists');
        await requireRoom(root, bytes);
        const temporary = join(await madeFolder(root, INCOMING), randomUUID());
        try {
          const found = await written(temporary, content, bytes);
          if (found.bytes !== bytes || found.sha256 !== sha256) {
            const was = `${found.bytes} bytes with sha256 ${found.sha256}`;
            throw new Refusal(400, `${was} arrived, ${bytes} bytes with sha256 ${sha256} were announced`);
          }
          await rename(temporary, target);
        } finally {
          await rm(temporary, { force: true });
        }
      } catch (cause) {
        throw asRefusal(cause);
      }
    },
    async complete(group, files, signal) {
      const missing: string[] = [];
      for (const file of files) {
        signal.throwIfAborted();
        if (!(await isThere(root, group, file, signal))) missing.push(file.path);
      }
      if (missing.length > 0) return missing;
      try {
        const own = await madeFolder(root, group);
        writeJsonFile(join(own, GROUP_MANIFEST), { algorithm: 'sha256', files });
      } catch (cause) {
        throw asRefusal(cause);
      }
      return [];
    },
  };
}

/** Writes content to a file. @throws Refusal when it has more than the announced bytes: there has to be room for those only */
async function written(
  path: string,
  content: Readable,
  announced: number,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    // What fails here is answered on the connection that the content comes from.
    content.iterator({ destroyOnReturn: false }),
    async function* counted(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        if (bytes > announced) throw new Refusal(400, `more than the ${announced} bytes arrived that were announced`);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o644 }),
  );
  return { bytes, sha256: hash.digest('hex') };
}

/** Makes the folders of a path below `root`, none of which may be a link or a file. @returns the last one */
async function madeFolder(root: string, path: string): Promise<string> {
  let folder = root;
  makeFolder(root);
  for (const part of ['', ...path.split('/').filter((each) => each !== '.')]) {
    folder = join(folder, part);
    if (part !== '') await mkdir(folder).catch(unlessItExists);
    if ((await lstat(folder)).isDirectory()) continue;
    throw new Refusal(409, 'a part of the path is not a folder');
  }
  return folder;
}

async function isThere(root: string, group: string, file: ListedFile, signal: AbortSignal): Promise<boolean> {
  let path = root;
  const parts = [group, ...file.path.split('/')];
  for (const [index, part] of parts.entries()) {
    path = join(path, part);
    const found = await lstatOf(path);
    const isLast = index === parts.length - 1;
    if (found === undefined || !(isLast ? found.isFile() && found.size === file.bytes : found.isDirectory()))
      return false;
  }
  return (await sha256OfBeginning(path, file.bytes, signal)) === file.sha256;
}

async function requireRoom(root: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize < bytes) throw noRoom(`${bavail * bsize} bytes are free, ${bytes} are needed`);
}

async function lstatOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return undefined;
    throw cause;
  }
}

/** Errors of the disk in words of the endpoint, without paths of this host. */
function asRefusal(cause: unknown): unknown {
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(cause))) return noRoom(messageOf(cause).split(',')[0] ?? '');
  if (codeOf(cause) === 'ENAMETOOLONG') return new Refusal(400, 'the path of a file is too long for this disk');
  return cause;
}

function noRoom(why: string): Refusal {
  return new Refusal(507, `the disk of the lead is full: ${why}`);
}

function unlessItExists(cause: unknown): void {
  if (codeOf(cause) !== 'EEXIST') throw cause;
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
}
