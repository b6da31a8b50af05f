import { loadCampaign } from '../adapters/files/load-campaign.ts';
import type { CampaignFiles } from '../adapters/files/load-campaign.ts';
import { loadProfileFile, loadSubstrateFile, looksLikePath } from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { formatFileErrors, formatNotice, sortFileErrors } from '../core/files/file-error.ts';
import { overridesOf } from './set-option.ts';
import { UsageError } from './usage-error.ts';

/** What a person names on the command line: files by path, or names to look up. */
export interface NamedFiles {
  readonly profile: string;
  readonly substrate?: string;
  /** `path=value` each. */
  readonly set?: readonly string[];
}

/**
 * Loads the files a person names: a path is read where it is, a name is looked up. What the reader should know of them goes
 * to standard error.
 * @throws UsageError with every error of every file, a line each
 */
export function campaignFiles(named: NamedFiles): CampaignFiles {
  const overrides = overridesOf(named.set ?? []);
  const { profile, substrate } = named;
  const given = {
    ...(looksLikePath(profile) ? { profile: loadProfileFile(profile, { overrides }) } : {}),
    ...(substrate !== undefined && looksLikePath(substrate) ? { substrate: loadSubstrateFile(substrate) } : {}),
  };
  const input = {
    profile: { name: profile },
    overrides,
    ...(substrate === undefined ? {} : { substrate }),
  };
  const files = loadCampaign(input, searchFolders(), given);
  if (!files.ok) throw new UsageError(formatFileErrors(sortFileErrors(files.errors)));
  for (const notice of files.notices) process.stderr.write(`${formatNotice(notice)}\n`);
  return files;
}
