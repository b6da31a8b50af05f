import { STORED_FILE_BYTES } from '../../core/plan/limits.ts';
import { foreignMarkup } from '../evidence/report/foreign-markup.ts';
import { NotRead, readPlainFile } from '../host/plain-file.ts';

/**
 * A report as Belay writes one; undefined where there is none. It may have been handed over by others with its run: one that has a
 * script in it is neither published nor opened.
 * @throws NotRead for a link, for what is no plain file, and for what no report of Belay has in it
 */
export function ownReport(path: string): string | undefined {
  const page = reportAt(path);
  if (page === undefined) return undefined;
  const foreign = foreignMarkup(page);
  if (foreign === undefined) return page.toString('utf8');
  throw new NotRead(path, `has ${foreign}, which no report of Belay has; "./belay report" with the run makes it again`);
}

function reportAt(path: string): Buffer | undefined {
  try {
    return readPlainFile(path, STORED_FILE_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
