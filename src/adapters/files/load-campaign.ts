import { STAGES } from '../../core/model/stages.ts';
import { checkTogether } from '../../core/profile/check-together.ts';
import { lentSubstrate } from '../../core/profile/lent-substrate.ts';
import { unusedFields } from '../../core/profile/unused-fields.ts';
import { formatFileError } from '../../core/files/file-error.ts';
import type { FileError, Notice } from '../../core/files/file-error.ts';
import type { CampaignInput } from '../../core/profile/input.ts';
import type { Catalogue } from '../../core/model/catalogue.ts';
import type { Remark } from '../../core/model/file-format.ts';
import type { Profile } from '../../core/model/profile.ts';
import type { Substrate } from '../../core/model/substrate.ts';
import type { System } from '../../core/model/system.ts';
import { FilePositions, pathOf } from '../../core/profile/file-positions.ts';
import { findProfile, findSubstrate, findSystem, folderOf, loadCatalogue, shown } from './find.ts';
import type { Found, FoundFile } from './find.ts';

/** The files of a campaign, each valid, and valid with one another. */
export interface CampaignFiles {
  readonly ok: true;
  readonly profile: Profile;
  readonly catalogue: Catalogue;
  readonly substrate: Substrate;
  readonly system: FoundFile<System>;
  /** The files of profile and catalogue, where they are files and not parts of an input. */
  readonly files: { readonly profile?: FoundFile<Profile>; readonly catalogue?: FoundFile<Catalogue> };
  readonly notices: readonly Notice[];
  /** A refusal of the plan as a line, at its place where it is of a field that the profile has. */
  readonly refusal: (refused: { readonly field: string; readonly message: string }) => string;
  /** A remark of the plan, at the position of its field in the profile. */
  readonly notice: (remark: Remark) => Notice;
}

/** The default substrate of a campaign. */
const DEFAULT_SUBSTRATE = 'local';

/** Files that were read already, for example from a path on the command line. The rest is found by name. */
export interface Given {
  readonly profile?: FoundFile<Profile>;
  readonly catalogue?: FoundFile<Catalogue>;
  readonly substrate?: FoundFile<Substrate>;
}

/** The same with files that may be invalid. */
interface Tried {
  readonly profile?: Found<Profile>;
  readonly catalogue?: FoundFile<Catalogue>;
  readonly substrate?: Found<Substrate>;
}

/**
 * Brings together what a campaign's input names: profile, its catalogue, substrate and system, from the search folders
 * only. Every error of every file at once, and what does not fit between the files (a gate the system does not have, a
 * burst of an archetype that is not in the catalogue).
 */
export function loadCampaign(
  input: CampaignInput,
  searchFolders: readonly string[],
  given: Tried = {},
): CampaignFiles | { readonly ok: false; readonly errors: readonly FileError[] } {
  // The command line sends a file outside of the folders to the workflow as an object. Its own messages name the file.
  const found =
    given.profile ??
    ('inline' in input.profile
      ? undefined
      : findProfile(input.profile.name, searchFolders, { overrides: input.overrides }));
  const profile = 'inline' in input.profile ? input.profile.inline : valueOf(found);
  const substrate = given.substrate ?? substrateOf(input, searchFolders);
  const system = profile === undefined ? undefined : findSystem(profile.system, searchFolders);
  const folder = found?.ok === true ? folderOf(found) : undefined;
  const catalogue =
    input.catalogue === undefined && profile !== undefined
      ? loadCatalogue(folder, profile.catalog.archetypes, searchFolders)
      : given.catalogue;
  const positions = positionsOf(found, input);
  const errors = [
    ...errorsOf(found),
    ...(profile === undefined ? [] : fieldErrors(catalogue, positions, ['catalog', 'archetypes'], 'catalogue')),
    ...errorsOf(substrate),
    ...(profile === undefined ? [] : fieldErrors(system, positions, ['system'], 'system')),
  ];
  const pods = input.catalogue ?? valueOf(catalogue);
  if (profile !== undefined && system?.ok === true && pods !== undefined) {
    const problems = checkTogether(profile, pods, system.value);
    errors.push(...problems.map((problem) => positions.errorAt({ ...problem, atValue: true })));
  }
  if (errors.length > 0 || profile === undefined || pods === undefined || system?.ok !== true || !substrate.ok)
    return { ok: false, errors };
  const notice = (remark: Remark): Notice => positions.noticeAt(remark);
  const notices = [
    ...[found, catalogue, substrate, system].flatMap((part) => (part?.ok === true ? part.notices : [])),
    ...unusedFields(profile, system.value).map(notice),
  ];
  const refusal: CampaignFiles['refusal'] = (refused) => refusalLine(refused, positions, profile.metadata.name);
  const files = { ...(found?.ok ? { profile: found } : {}), ...(catalogue?.ok ? { catalogue } : {}) };
  return { ok: true, profile, catalogue: pods, substrate: substrate.value, system, files, notices, refusal, notice };
}

/** The file that is named; for clusters that were lent on the command line, the substrate that they are. */
function substrateOf({ substrate, targets }: CampaignInput, searchFolders: readonly string[]): Found<Substrate> {
  if (targets?.lent !== true) return findSubstrate(substrate ?? DEFAULT_SUBSTRATE, searchFolders);
  const value = lentSubstrate(targets.clusters.map(({ context }) => context));
  return { ok: true, value, notices: [], path: '', text: '', sha256: '' };
}

function valueOf<T>(found: Found<T> | undefined): T | undefined {
  return found?.ok === true ? found.value : undefined;
}

function errorsOf(found: Found<unknown> | undefined): readonly FileError[] {
  return found === undefined || found.ok ? [] : found.errors;
}

function positionsOf(found: Found<Profile> | undefined, { overrides }: CampaignInput): FilePositions {
  return found?.ok === true
    ? new FilePositions(shown(found.path), overrides, found.text)
    : new FilePositions('input profile', overrides);
}

/** Errors of a part that a field of the profile names; that there is no such part is an error of the field. */
function fieldErrors(
  part: Found<unknown> | undefined,
  positions: FilePositions,
  path: readonly [string, ...string[]],
  what: string,
): readonly FileError[] {
  if (part === undefined || part.ok || part.named !== true) return errorsOf(part);
  return part.errors.map(({ file, problem, allowed, suggestion }) =>
    positions.errorAt({
      path,
      problem: problem === 'not found' ? `no such ${what}` : problem,
      // The error is of `catalogue "name"`.
      found: file.slice(what.length + 1),
      allowed,
      atValue: true,
      ...(suggestion === undefined ? {} : { suggestion }),
    }),
  );
}

/** Stages, which a refusal may be of; `seed` is the name of a field too. */
const STAGE_NAMES: ReadonlySet<string> = new Set(STAGES);

function refusalLine(
  { field, message }: { readonly field: string; readonly message: string },
  positions: FilePositions,
  name: string,
): string {
  const path = pathOf(field);
  if (STAGE_NAMES.has(field) || !positions.speaksOf(path)) return `${name || positions.file}: ${field}: ${message}`;
  return formatFileError(positions.errorAt({ path, problem: message, atValue: true }));
}
