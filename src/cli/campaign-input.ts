import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import {
  findProfile,
  findSubstrate,
  loadCatalogue,
  loadProfileFile,
  loadSubstrateFile,
  looksLikePath,
} from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import { parseCampaignInput } from '../core/profile/input.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import { buildSpec, type BuiltSpec } from '../adapters/files/build-spec.ts';
import { holdInput } from './options.ts';
import { UsageError } from './usage-error.ts';

/** What was typed: a profile by name or path, and changes. */
export interface TypedCampaign {
  readonly profile: string;
  readonly substrate?: string;
  readonly overrides: Overrides;
  /** As typed: `30m`, `0`; undefined where nothing was. */
  readonly hold?: string;
}

/** The workflow's input made of what was typed, with the specification it will have. */
export interface CheckedCampaign {
  readonly input: Readonly<Record<string, unknown>>;
  readonly built: Extract<BuiltSpec, { ok: true }>;
}

/**
 * Checks a campaign before anything starts, with the function that the worker uses. A file outside the configured folders is
 * sent along whole: a workflow's input names no paths.
 * @throws UsageError with every error, a line each
 */
export function checkCampaign(typed: TypedCampaign): CheckedCampaign {
  const { overrides } = typed;
  const folders = searchFolders();
  const found = looksLikePath(typed.profile)
    ? loadProfileFile(typed.profile, { overrides })
    : findProfile(typed.profile, folders, { overrides });
  if (!found.ok) throw new UsageError(formatFileErrors(sortFileErrors(found.errors)));
  const byName = isFoundByName(found.path, folders);
  const name = byName ?? found.value.metadata.name;
  const substrate = typed.substrate === undefined ? undefined : substrateName(typed.substrate, folders);
  const common = {
    ...(substrate === undefined ? {} : { substrate }),
    ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
    ...(typed.hold === undefined ? {} : { hold: holdInput(typed.hold) }),
  };
  const input =
    byName === undefined
      ? { ...inlined(found.path, found.text, found.value.catalog.archetypes, folders), ...common }
      : { profile: byName, ...common };
  const parsed = parseCampaignInput(input);
  if (!parsed.ok) throw new UsageError(formatFileErrors(sortFileErrors(parsed.errors)));
  const built = buildSpec(
    parsed.value,
    { workflowId: name, runId: '', campaign: name, trigger: 'cli', defaultHoldMs: 0 },
    { profile: found },
  );
  if (!built.ok) throw new UsageError(built.errors.join('\n'));
  return { input, built };
}

function isFoundByName(path: string, folders: readonly string[]): string | undefined {
  const name = /([^/\\]+)\.ya?ml$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  const found = findProfile(name, folders);
  return found.ok && found.path === path ? name : undefined;
}

function inlined(
  path: string,
  text: string,
  catalogueName: string,
  folders: readonly string[],
): { readonly profile: unknown; readonly catalogue?: unknown } {
  const catalogue = loadCatalogue(dirname(path), catalogueName, folders);
  if (!catalogue.ok) throw new UsageError(formatFileErrors(sortFileErrors(catalogue.errors)));
  // The text was parsed and bounded a moment ago; this is its plain form for the workflow's input.
  return { profile: parse(text), catalogue: parse(catalogue.text) };
}

function substrateName(typed: string, folders: readonly string[]): string {
  if (!looksLikePath(typed)) return typed;
  const given = loadSubstrateFile(typed);
  if (!given.ok) throw new UsageError(formatFileErrors(sortFileErrors(given.errors)));
  const { name } = given.value.metadata;
  const found = findSubstrate(name, folders);
  if (found.ok && found.sha256 === given.sha256) return name;
  throw new UsageError(
    `--substrate ${typed}: a substrate is found by name in ${folders.map((folder) => join(folder, 'substrates')).join(', ')}; put it there as ${name}.yaml, or set BELAY_PATH to a folder that has substrates/`,
  );
}
