import { loadCampaign } from '../adapters/files/load-campaign.ts';
import type { CampaignFiles } from '../adapters/files/load-campaign.ts';
import { loadProfileFile, loadSubstrateFile, looksLikePath } from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import type { AccessName } from '../core/kubeconfig/cluster-access.ts';
import { targetsInput } from './typed-targets.ts';
import { UsageError } from './usage-error.ts';

/** The files of a campaign as they are named on the command line: by path, or by a name to look up. */
export interface NamedFiles {
  readonly profile: string;
  readonly substrate?: string;
  readonly overrides: Overrides;
  /** A cluster that is lent on the command line, in place of a substrate. */
  readonly lent?: AccessName;
}

/**
 * Loads the files that a command line names, with the same reading and the same errors for every command.
 * @throws UsageError with every error of every file, one line each
 */
export function campaignFiles({ profile, substrate, overrides, lent }: NamedFiles): CampaignFiles {
  const given = {
    ...(looksLikePath(profile) ? { profile: loadProfileFile(profile, { overrides }) } : {}),
    ...(substrate !== undefined && looksLikePath(substrate) ? { substrate: loadSubstrateFile(substrate) } : {}),
  };
  const input = {
    profile: { name: profile },
    overrides,
    ...(substrate === undefined ? {} : { substrate }),
    ...(lent === undefined ? {} : { targets: targetsInput([lent], { lent: true }) }),
  };
  const files = loadCampaign(input, searchFolders(), given);
  if (!files.ok) throw new UsageError(formatFileErrors(sortFileErrors(files.errors)));
  return files;
}
