import { checkTogether } from '../../core/profile/check-together.ts';
import type { FileError, Notice } from '../../core/profile/file-error.ts';
import type { CampaignInput } from '../../core/profile/input.ts';
import type { Catalogue, Profile, Substrate, System } from '../../core/profile/model.ts';
import { dotted, placeInText } from '../../core/profile/yaml-text.ts';
import { findProfile, findSubstrate, findSystem, folderOf, loadCatalogue, shown } from './find.ts';
import type { Found, FoundFile } from './find.ts';

/** The files of a campaign, each valid, and valid with one another. */
export interface CampaignFiles {
  readonly ok: true;
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  readonly substrate: Substrate;
  readonly system: FoundFile<System>;
  readonly notices: readonly Notice[];
}

/** What a campaign runs on where nobody says. */
export const DEFAULT_SUBSTRATE = 'local';

/** Parts that were read already, e.g. from a path on the command line; the rest is found by name. */
export interface Given {
  readonly profile?: FoundFile<Profile>;
  readonly substrate?: FoundFile<Substrate>;
}

/**
 * Brings together what a campaign's input names: profile, its catalogue, substrate and system, from the search folders
 * only. Every error of every file at once, and what does not fit between the files (a gate the system does not have, a
 * burst of an archetype that is not in the catalogue).
 */
export function loadCampaign(
  input: CampaignInput,
  searchFolders: readonly string[],
  given: Given = {},
): CampaignFiles | { readonly ok: false; readonly errors: readonly FileError[] } {
  const found =
    'inline' in input.profile
      ? undefined
      : (given.profile ?? findProfile(input.profile.name, searchFolders, { overrides: input.overrides }));
  const profile = 'inline' in input.profile ? input.profile.inline : found?.ok === true ? found.value : undefined;
  const substrate = given.substrate ?? findSubstrate(input.substrate ?? DEFAULT_SUBSTRATE, searchFolders);
  const system = profile === undefined ? undefined : findSystem(profile.system, searchFolders);
  const folder = found?.ok === true ? folderOf(found) : undefined;
  const catalogue =
    input.catalogue === undefined && profile !== undefined
      ? loadCatalogue(folder, profile.catalog.archetypes, searchFolders)
      : undefined;
  const errors = [found, catalogue, substrate, system].flatMap((part) =>
    part === undefined || part.ok ? [] : part.errors,
  );
  const pods = input.catalogue ?? valueOf(catalogue);
  if (profile !== undefined && system?.ok === true && pods !== undefined) {
    const file = found?.ok === true ? shown(found.path) : 'input profile';
    const text = found?.ok === true ? found.text : undefined;
    errors.push(...checkTogether(profile, pods, system.value).map((problem) => withPlace(problem, file, text)));
  }
  if (errors.length > 0 || profile === undefined || pods === undefined || system?.ok !== true || !substrate.ok)
    return { ok: false, errors };
  const notices = [found, catalogue, substrate, system].flatMap((part) => (part?.ok === true ? part.notices : []));
  return { ok: true, profile, catalogue: pods, substrate: substrate.value, system, notices };
}

function valueOf<T>(found: Found<T> | undefined): T | undefined {
  return found?.ok === true ? found.value : undefined;
}

function withPlace(
  problem: ReturnType<typeof checkTogether>[number],
  file: string,
  text: string | undefined,
): FileError {
  const { path, ...rest } = problem;
  const place = text === undefined ? { line: 0, column: 0 } : placeInText(text, path);
  return { file, ...place, path: dotted(path), ...rest };
}
