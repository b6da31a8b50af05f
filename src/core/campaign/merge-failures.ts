import { counted } from '../text/counted.ts';
import { bytesOf, cut } from '../text/markdown.ts';
import type { FailureKind, GroupsOutcome, StageFailure } from './machine.ts';

/** The failure of a stage for one group. */
export interface GroupFailure {
  /** Null: of the campaign as a whole, e.g. a breach that the watch saw. */
  readonly group: { readonly group: string; readonly host: string } | null;
  readonly failure: StageFailure;
}

/** As much as one stage's failure may have on a single host. */
const MAX_MESSAGE_BYTES = 1_200;
/** Groups that a message quotes, and groups that an outcome names. */
const MAX_QUOTED = 5;
const MAX_NAMED = 20;

/** What is worse comes first. A breach is the system's own measured failure: it must not be hidden by what it caused. */
const ORDER: readonly FailureKind[] = ['breach', 'system', 'target', 'harness'];

/**
 * The failure of a stage over all its groups: of the worst kind among them. It names the groups and their hosts, in limited size.
 * The order of the failures does not matter.
 *
 * @param ran how many groups ran the stage
 * @param failures at least one
 */
export function mergeFailures(ran: number, failures: readonly GroupFailure[]): StageFailure {
  const ordered = failures.toSorted(
    (a, b) => rank(a) - rank(b) || numberOf(a) - numberOf(b) || compare(a.failure.message, b.failure.message),
  );
  const worst = ordered[0]?.failure ?? { kind: 'harness', message: 'no reason is known' };
  const ofGroups = ordered.filter(({ group }) => group !== null);
  const ofCampaign = ordered.filter(({ group }) => group === null);
  const quoted = [...ofCampaign, ...ofGroups].slice(0, MAX_QUOTED);
  const left = ordered.length - quoted.length;
  const heading = ofGroups.length > 1 ? `${ofGroups.length} of ${counted(ran, 'group')} failed: ` : '';
  const more = left > 0 ? `; and ${left} more` : '';
  const eachBytes = Math.floor((MAX_MESSAGE_BYTES - bytesOf(heading + more)) / Math.max(1, quoted.length)) - 2;
  return {
    kind: worst.kind,
    message: heading + quoted.map((one) => cut(sentence(one), eachBytes)).join('; ') + more,
    ...(worst.gate === undefined ? {} : { gate: worst.gate }),
    ...(worst.kind === 'harness' && failures.some(({ failure }) => failure.final === true) ? { final: true } : {}),
  };
}

/** How the groups of an execution ended, as its outcome records it. */
export function groupsOutcome(ran: number, failures: readonly GroupFailure[]): GroupsOutcome {
  const worstFirst = failures.toSorted((a, b) => rank(a) - rank(b));
  const named = worstFirst.flatMap(({ group, failure }) =>
    group === null ? [] : [{ group: group.group, host: group.host, kind: failure.kind }],
  );
  // The lead may fail twice in a soak.
  const failed = named.filter(({ group }, index) => named.findIndex((other) => other.group === group) === index);
  return {
    ran,
    failedCount: failed.length,
    failed: failed.toSorted((a, b) => Number(a.group.slice(1)) - Number(b.group.slice(1))).slice(0, MAX_NAMED),
  };
}

function sentence({ group, failure }: GroupFailure): string {
  return group === null ? failure.message : `${group.group} on host ${group.host}: ${failure.message}`;
}

function rank({ failure }: GroupFailure): number {
  return ORDER.indexOf(failure.kind);
}

function numberOf({ group }: GroupFailure): number {
  return group === null ? -1 : Number(group.group.slice(1));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
