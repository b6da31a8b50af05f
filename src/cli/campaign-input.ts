import { join, parse } from 'node:path';
import {
  findProfile,
  findSubstrate,
  loadSubstrateFile,
  looksLikePath,
  type FoundFile,
} from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import { inputDocument } from '../core/profile/input-document.ts';
import { parseCampaignInput } from '../core/profile/input.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import { buildSpec, type BuiltSpec } from '../adapters/files/build-spec.ts';
import { hostRoom } from '../adapters/host/host-room.ts';
import { hostOfClusters } from './host-of-clusters.ts';
import { campaignFiles } from './campaign-files.ts';
import { holdInput } from './options.ts';
import type { OwnKubeconfig } from '../adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { lentKubeconfig, targetsInput, typedKubeconfigs, type Lent } from './typed-targets.ts';
import { UsageError } from './usage-error.ts';

/** What was typed: a profile by name or path, and changes. */
export interface TypedCampaign {
  readonly profile: string;
  readonly substrate?: string;
  readonly lent?: Lent;
  readonly overrides: Overrides;
  /** As typed: `30m`, `0`; undefined where nothing was. */
  readonly hold?: string;
  readonly hostWait?: string;
  readonly targetWait?: string;
  readonly keep?: string;
}

/** The workflow's input made of what was typed, with the specification it will have. */
export interface CheckedCampaign {
  readonly input: Readonly<Record<string, unknown>>;
  readonly built: Extract<BuiltSpec, { ok: true }>;
  /** Those of the existing clusters that it uses, as this shell has them. The input has only their names. */
  readonly kubeconfigs: readonly OwnKubeconfig[];
}

/**
 * Checks a campaign before anything starts, with the functions of the worker and of `belay plan`. The input of a workflow names
 * no paths: it holds a profile and a catalogue outside of the search folders as objects.
 * @throws UsageError with every error, a line each
 */
export function checkCampaign(typed: TypedCampaign): CheckedCampaign {
  const { profile, substrate, overrides } = typed;
  const folders = searchFolders();
  const lent = typed.lent === undefined ? undefined : lentKubeconfig(typed.lent);
  const { files } = campaignFiles({
    profile,
    overrides,
    ...(substrate === undefined ? {} : { substrate }),
    ...(lent === undefined ? {} : { lent: lent.name }),
  });
  const { profile: found, catalogue } = files;
  if (found === undefined || catalogue === undefined) throw new RangeError('profile and catalogue are files here');
  const byName = isFoundByName(found.path, folders);
  const name = byName ?? found.value.metadata.name;
  const common = {
    ...(substrate === undefined ? {} : { substrate: substrateName(substrate, folders) }),
    ...(lent === undefined ? {} : { targets: targetsInput([lent.name], { lent: true }) }),
    ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
    ...(typed.hostWait === undefined ? {} : { hostWait: typed.hostWait }),
    ...(typed.targetWait === undefined ? {} : { targetWait: typed.targetWait }),
    ...(typed.keep === undefined ? {} : { keep: typed.keep }),
    ...(typed.hold === undefined ? {} : { hold: holdInput(typed.hold) }),
  };
  const input =
    byName === undefined
      ? { profile: documentOf(found), catalogue: documentOf(catalogue), ...common }
      : { profile: byName, ...common };
  const parsed = parseCampaignInput(input);
  if (!parsed.ok) throw new UsageError(formatFileErrors(sortFileErrors(parsed.errors)));
  const built = buildSpec(
    parsed.value,
    { workflowId: name, runId: '', campaign: name, trigger: 'cli', defaultHoldMs: 0 },
    byName === undefined ? { profile: found, catalogue } : { profile: found },
    hostOfClusters(() => hostRoom()),
  );
  if (!built.ok) throw new UsageError(built.errors.join('\n'));
  const { spec } = built;
  return { input, built, kubeconfigs: lent === undefined ? typedKubeconfigs(spec, spec.plan.clusterCount) : [lent] };
}

/** The input for a campaign whose kubeconfigs are kept under a record. */
export function inputWithRecord(
  { input, kubeconfigs, built }: CheckedCampaign,
  record: string,
): CheckedCampaign['input'] {
  const lent = built.spec.targets?.lent === true;
  return {
    ...input,
    targets: targetsInput(
      kubeconfigs.map(({ name }) => name),
      { lent, record },
    ),
  };
}

function isFoundByName(path: string, folders: readonly string[]): string | undefined {
  const name = /([^/\\]+)\.ya?ml$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  const found = findProfile(name, folders);
  return found.ok && found.path === path ? name : undefined;
}

function documentOf({ path, text }: FoundFile<unknown>): unknown {
  return inputDocument(text, parse(path).name);
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
