import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findProfile, findSystem, loadProfileFile, looksLikePath } from '../adapters/files/find.ts';
import type { Found } from '../adapters/files/find.ts';
import { isStandardInput, readTextFile, STANDARD_INPUT } from '../adapters/files/read-text.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { FOREIGN_RULES } from '../core/verdict/foreign-rules-registry.ts';
import type { ForeignVerdict } from '../core/verdict/foreign-rules-registry.ts';
import { gatesForSummary, recordedGates } from '../core/verdict/gates-for-summary.ts';
import { judgeSummary, sideBySide } from '../core/verdict/judge-summary.ts';
import type { SideBySide, SummaryVerdict } from '../core/verdict/judge-summary.ts';
import type { GateDefinition, GateResult } from '../core/gates/model.ts';
import { GateProblems } from '../core/gates/resolve.ts';
import { parseStoredSummary } from '../core/verdict/stored-summary.ts';
import type { StoredSummary } from '../core/verdict/stored-summary.ts';
import { formatFileErrors, formatNotice, sortFileErrors } from '../core/files/file-error.ts';
import type { Profile } from '../core/model/profile.ts';
import type { System } from '../core/model/system.ts';
import { unjudgedSlo } from '../core/profile/unjudged-slo.ts';
import { overridesOf } from './set-option.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { UsageError } from './usage-error.ts';
import { jsonFault } from '../core/text/json-fault.ts';

/** A stored summary under both rules. */
export interface JudgedSummary {
  readonly names: { readonly summary: string; readonly runId: string; readonly profile: string };
  readonly belay: SummaryVerdict;
  readonly bigfleet: ForeignVerdict;
  readonly rows: readonly SideBySide[];
  /** What the readings were taken with; undefined for a summary that does not say it. */
  readonly identity: StoredSummary['identity'];
}

/**
 * Judges the summary at `path`, or in that folder. A profile or a setting of it that is given sets the bars. Otherwise a summary
 * of Belay is judged by the bars it carries, and any other summary by those of the profile that it names.
 * @throws UsageError if the summary, the profile or its gates cannot be used, with everything that is wrong
 */
export function judgeStored(path: string, profileName: string | undefined, set: readonly string[]): JudgedSummary {
  const file = isStandardInput(path) ? STANDARD_INPUT : isFolder(path) ? join(path, SUMMARY) : path;
  const summary = storedSummary(isStandardInput(path) ? path : file, file);
  const profile = profileOf(profileName ?? summary.profile, set);
  const isGiven = profileName !== undefined || set.length > 0;
  const recorded = isGiven ? undefined : summary.gates;
  const gates = recorded === undefined ? gatesBy(barsOf(profile), summary) : recordedBars(profile, recorded);
  const belay = judgeSummary(summary, gates);
  const bigfleet = FOREIGN_RULES.bigfleet(summary, profile);
  return {
    names: { summary: file, runId: summary.runId, profile: profile.metadata.name },
    belay,
    bigfleet,
    rows: sideBySide(summary, bigfleet, belay),
    identity: summary.identity,
  };
}

/** A profile and the system that it names, as their files are now. */
export interface Bars {
  readonly profile: Profile;
  readonly system: Found<System>;
}

/** Finds the system of a profile. That it cannot be found matters only to a summary that has no readings of its own. */
export function barsOf(profile: Profile): Bars {
  const system = findSystem(profile.system, searchFolders());
  warnOfUnjudged(profile, system.ok ? system.value : { metadata: { name: profile.system }, gates: {} });
  return { profile, system };
}

/** The gates by which these files judge a summary. @throws UsageError with everything that is wrong in them */
export function gatesBy({ profile, system }: Bars, summary: StoredSummary): readonly GateDefinition[] {
  // A summary with readings of its own can be judged without the system's file, any other cannot.
  if (!system.ok && summary.gates === undefined) throw usage(system.errors);
  return ofProfile(profile, () => gatesForSummary(summary, system.ok ? system.value.gates : {}, profile));
}

function recordedBars(profile: Profile, recorded: readonly GateResult[]): readonly GateDefinition[] {
  return ofProfile(profile, () => recordedGates(recorded));
}

function ofProfile(profile: Profile, gates: () => readonly GateDefinition[]): readonly GateDefinition[] {
  try {
    return gates();
  } catch (error) {
    if (error instanceof GateProblems)
      throw new UsageError(`profile ${profile.metadata.name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** BigFleet's rules judge every bar of `slo`, so one that Belay's rules do not judge is no error here. */
function warnOfUnjudged(profile: Profile, system: Parameters<typeof unjudgedSlo>[1]): void {
  for (const { path, problem } of unjudgedSlo(profile, system))
    process.stderr.write(safeForTerminal(`profile ${profile.metadata.name}: ${path.join('.')}: ${problem}\n`));
}

/** What the summary of a run folder is called. */
const SUMMARY = 'summary.json';

/**
 * Reads a summary. One of a run folder is no link: that would lead to what is none of the run's, and such a folder may have been handed
 * over by others. @throws UsageError with everything that keeps it from being one
 */
export function storedSummary(path: string, file: string = path): StoredSummary {
  const read = readTextFile(path, file, basename(path) === SUMMARY ? 'refused' : 'followed');
  if (!read.ok) throw usage(read.errors);
  let json: unknown;
  try {
    json = JSON.parse(read.text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const why = read.text.trim() === '' ? 'it is empty' : jsonFault(error);
    throw new UsageError(`${file}: not JSON: ${why}; allowed: the JSON of a ${SUMMARY}`, { cause: error });
  }
  const result = parseStoredSummary(json);
  if (result.ok) return result.summary;
  throw new UsageError(result.errors.map((error) => `${file}: ${error}`).join('\n'));
}

/** The profile of a name or path, with the changes of `--set`. @throws UsageError with everything that is wrong in it */
export function profileOf(name: string, set: readonly string[]): Profile {
  if (name === '') throw new UsageError('the summary names no profile; give one with --profile');
  const overrides = overridesOf(set);
  const found: Found<Profile> = looksLikePath(name)
    ? loadProfileFile(name, { overrides })
    : findProfile(name, searchFolders(), { overrides });
  if (!found.ok) throw usage(found.errors);
  for (const notice of found.notices) process.stderr.write(safeForTerminal(`${formatNotice(notice)}\n`));
  return found.value;
}

function usage(errors: Parameters<typeof formatFileErrors>[0]): UsageError {
  return new UsageError(formatFileErrors(sortFileErrors(errors)));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Reading it reports why it cannot be used.
    return false;
  }
}
