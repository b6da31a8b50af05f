import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import { makeFolder } from '../host/make-folder.ts';
import { requireRoom } from '../host/disk-room.ts';
import { downloadText, downloadVerified } from './download.ts';
import type { StepProgress } from './progress.ts';
import { canReach } from './reachability.ts';
import { checksumIn, releaseAddress, releaseOf, thisPlatform } from './releases.ts';
import { toolsFolder } from './tool-cache.ts';
import { TOOLS } from './tools.ts';
import type { ToolName } from './tools.ts';

/** The largest release (its archive and what comes out of it) fits into this. */
const RELEASE_BYTES = 1e9;

/** A release that can be had from here. */
export interface ReachableRelease {
  readonly url: string;
  readonly checksumUrl: string;
}

/** Where a tool's release can be had from this machine, or why not. Takes at most 3 s, once per server. */
export async function reachableRelease(name: ToolName): Promise<ReachableRelease | { readonly unavailable: string }> {
  const release = releaseOf(name, thisPlatform());
  const { os, arch } = thisPlatform();
  if (release === undefined) return { unavailable: `there is no release of ${name} for ${os}/${arch}` };
  const url = releaseAddress(release.url);
  const checksumUrl = releaseAddress(release.checksum.url);
  if (url === undefined || checksumUrl === undefined)
    return { unavailable: 'releases are switched off by BELAY_RELEASES_URL' };
  if (!(await canReach(url))) return { unavailable: `${new URL(url).host} cannot be reached` };
  return { url, checksumUrl };
}

/**
 * Downloads a tool's official release, checks it against the release's own sha256 and writes the program to `file`.
 * @throws Error when the checksum is not available or does not match, the download fails, or the archive lacks the program
 */
export async function installRelease(
  name: ToolName,
  from: ReachableRelease,
  target: { readonly file: string; readonly folder: string },
  signal: AbortSignal,
  onStep: (step: StepProgress) => void,
): Promise<{ readonly source: string }> {
  const release = releaseOf(name, thisPlatform());
  if (release === undefined) throw new Error(`there is no release of ${name} for this platform`);
  onStep({ step: 'downloading', done: 0, total: 0, unit: 'bytes' });
  requireRoom(`the release of ${name}`, target.folder, { bytes: RELEASE_BYTES, files: 0 });
  const sha256 = checksumIn(await downloadText(from.checksumUrl, signal), release.checksum.format, release.file);
  const downloaded = join(target.folder, 'download');
  await downloadVerified({
    url: from.url,
    sha256,
    file: downloaded,
    partial: join(toolsFolder(), '.partial', `${name}-${TOOLS[name].version}-${release.file}`),
    signal,
    onBytes: (done, total) => onStep({ step: 'downloading', done, total, unit: 'bytes' }),
  });
  if (release.member === undefined) await rename(downloaded, target.file);
  else await takeMember(downloaded, release.member, target.file);
  return { source: from.url };
}

async function takeMember(archive: string, member: string, file: string): Promise<void> {
  const folder = `${archive}.d`;
  makeFolder(folder);
  const seen: string[] = [];
  await extract({
    file: archive,
    cwd: folder,
    strict: true,
    filter: (path, entry) => {
      const wanted =
        path.replace(/^\.\//, '') === member && 'type' in entry && (entry.type === 'File' || entry.type === 'OldFile');
      if (wanted) seen.push(path);
      return wanted;
    },
  });
  const [path] = seen;
  if (path === undefined) throw new Error(`the archive of the release holds no ${member}`);
  makeFolder(dirname(file));
  await rename(join(folder, path), file);
  await rm(folder, { recursive: true, force: true });
  await rm(archive, { force: true });
}
