import { statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeFolder } from '../host/make-folder.ts';
import { NotRead } from '../host/plain-file.ts';
import type { StoredRun } from '../../core/history/stored-run.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { withRunIndex } from '../index/run-index.ts';
import { ownReport } from './own-report.ts';
import { fileOfProfile, overviewPage, profilePage, type LinkedRun } from './site-pages.ts';
import { SITE_ROWS } from '../../core/plan/limits.ts';

/** What a site was made of. */
export interface WrittenSite {
  /** Path of its first page. */
  readonly index: string;
  readonly pages: number;
  readonly runs: number;
  /** Folders that were left out, and why. */
  readonly leftOut: readonly LeftOut[];
  /** Folders whose report is neither linked nor copied, and why. */
  readonly withoutReport: readonly LeftOut[];
}

interface LeftOut {
  readonly folder: string;
  readonly why: string;
}

/** Where a page of the site would lie is a folder. Versions before gave a run the name of its campaign, whatever it ended in. */
export class PageTaken extends Error {
  override readonly name = 'PageTaken';

  constructor(path: string) {
    super(
      `${path} is a folder, and a page of the site has that name; "./belay report --index FOLDER" writes it elsewhere`,
    );
  }
}

/** The folder of a site, or a file in it, cannot be made. Its message has the path and the system's reason. */
export class SiteNotWritten extends Error {
  override readonly name = 'SiteNotWritten';
}

/**
 * Writes the site of all runs: an overview, and pages of each profile. Without a folder it lies in the runs folder and links to the
 * reports there; a folder gets copies of them, so that it can be published as it is.
 * @throws PageTaken; SiteNotWritten
 */
export function writeSite({ runs, to }: { readonly runs: string; readonly to?: string | undefined }): WrittenSite {
  const folder = resolve(to ?? runs);
  written(() => makeFolder(folder));
  return withRunIndex(
    (index) => {
      const withoutReport: LeftOut[] = [];
      const all = index.runs().map((run) => {
        try {
          return linked(run, folder, to !== undefined);
        } catch (error) {
          if (!(error instanceof NotRead)) throw error;
          withoutReport.push({ folder: run.folder, why: `its report.html ${error.what}` });
          return { run };
        }
      });
      const profiles = [...Map.groupBy(all, ({ run }) => run.profile)];
      let pages = 1;
      for (const [profile, own] of profiles) {
        const count = Math.max(1, Math.ceil(own.length / SITE_ROWS));
        for (let page = 1; page <= count; page += 1) {
          const rows = own.slice((page - 1) * SITE_ROWS, page * SITE_ROWS);
          writePage(join(folder, fileOfProfile(profile, page)), profilePage(profile, rows, { page, count }));
          pages += 1;
        }
      }
      const first = join(folder, 'index.html');
      writePage(first, overviewPage(profiles, index.damaged.length));
      const leftOut = index.damaged.map(({ folder: of, why }) => ({ folder: of, why }));
      return { index: first, pages, runs: all.length, leftOut, withoutReport };
    },
    { runs: resolve(runs) },
  );
}

function writePage(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new PageTaken(path);
  written(() => writeTextFile(path, text));
}

function written(work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new SiteNotWritten(messageOf(cause), { cause });
  }
}

/**
 * A run with the link to its report, which is copied where the site is to be published; no link without a report.
 * @throws NotRead for a report that is none of Belay's
 */
function linked(run: StoredRun, folder: string, isCopied: boolean): LinkedRun {
  const report = join(run.folder, 'report.html');
  const page = ownReport(report);
  if (page === undefined) return { run };
  if (!isCopied) return { run, href: hrefOf(relative(folder, report)) };
  const copy = join(folder, 'runs', run.id, 'report.html');
  // By a rename: what is there may be a link, or the report itself by another name.
  if (resolve(copy) !== resolve(report)) written(() => writeTextFile(copy, page));
  return { run, href: hrefOf(relative(folder, copy)) };
}

function hrefOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
