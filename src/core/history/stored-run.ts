import { identityRows } from '../identity/describe-identity.ts';
import { pairOfId, type Side } from '../campaign/comparison.ts';
import type { Identity } from '../identity/identity-schema.ts';
import type { Verdict } from '../gates/model.ts';
import type { Summary } from '../verdict/summary-model.ts';
import { fingerprintParts, type FingerprintParts } from './fingerprint-parts.ts';
import { metricsOf, type StoredMetric } from './stored-metric.ts';

/** A run as it is listed, compared and followed over time. Everything in it comes from `summary.json`. */
export interface StoredRun {
  readonly id: string;
  /** Path of the run folder. */
  readonly folder: string;
  readonly profile: string;
  readonly substrate: string;
  readonly system: string;
  readonly verdict: Verdict;
  readonly ending: Summary['ending'];
  /** What lowered the verdict first; empty for a pass. */
  readonly reason: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly trigger: string;
  /** Of a campaign that a ladder started: the workflow of the climb, and the rung in it. */
  readonly climb?: { readonly workflowId: string; readonly rung: string };
  /**
   * Of a campaign of `compare --run`: the workflow of the comparison, the pair and the side. It ran with what that side changes, so it is
   * no night of its profile.
   */
  readonly comparison?: { readonly workflowId: string; readonly pair: number; readonly side: Side };
  readonly fingerprint: FingerprintParts;
  /** The system's version, as exactly as it is known. */
  readonly systemVersion: string;
  /** Belay's own code. */
  readonly code: string;
  /** Everything that the readings were taken with, as rows of part and value. Empty where it was not recorded. */
  readonly takenWith: readonly (readonly [part: string, what: string])[];
  readonly metrics: readonly StoredMetric[];
}

/** Characters of a hash that tell versions apart. */
const SHORT = 12;

/** A run as its summary records it. @param folder in which it lies */
export function storedRunOf(summary: Summary, folder: string): StoredRun {
  const { runId, profile, substrate, system, verdict, ending, reasons, startedAtMs, endedAtMs, trigger, identity } =
    summary;
  const climb = climbOf(summary);
  const comparison = comparisonOf(summary);
  return {
    id: runId,
    folder,
    profile,
    substrate: substrate.name,
    system: system.name,
    verdict,
    ending,
    reason: verdict === 'pass' ? '' : (reasons[0] ?? ''),
    startedAtMs,
    endedAtMs,
    trigger,
    ...(climb === undefined ? {} : { climb }),
    ...(comparison === undefined ? {} : { comparison }),
    fingerprint: fingerprintParts(summary),
    systemVersion: systemVersionOf(summary),
    code: codeOf(identity),
    takenWith: identity === undefined ? [] : identityRows(identity),
    metrics: metricsOf(summary),
  };
}

/** The workflow of a rung's campaign is named after that of its climb: `<climb>.<number>-<profile>`. */
function climbOf({ trigger, temporal }: Summary): StoredRun['climb'] {
  const [, workflowId, rung] = /^(.+)\.(\d+-.+)$/.exec(temporal.workflowId) ?? [];
  const isRung = trigger === 'ladder' || trigger === 'schedule';
  return isRung && workflowId !== undefined && rung !== undefined ? { workflowId, rung } : undefined;
}

function comparisonOf({ trigger, temporal }: Summary): StoredRun['comparison'] {
  return trigger === 'comparison' ? pairOfId(temporal.workflowId) : undefined;
}

/** The most telling name of a version that the run recorded: chart, image, program, or the hash of the system's file. */
function systemVersionOf({ system, identity }: Summary): string {
  const chart = identity?.system?.chart;
  const images = (identity?.images ?? []).filter(({ of }) => of === 'system').map(({ image }) => image);
  const program = identity?.tools.find(({ name }) => name === system.name);
  if (chart) return [`${chart.name} ${chart.version}`, ...images].join(', ');
  if (images.length > 0) return images.join(', ');
  if (program !== undefined) return `${program.version} (sha256 ${program.sha256.slice(0, SHORT)})`;
  return `file ${system.sha256.slice(0, SHORT)}`;
}

function codeOf(identity: Identity | undefined): string {
  const codes = (identity?.code ?? []).map(
    ({ version, contentSha256 }) => `${version} (${contentSha256.slice(0, SHORT)})`,
  );
  return codes.length === 0 ? 'unknown' : codes.join(', ');
}
