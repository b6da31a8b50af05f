import { isMoment, recordedFields, recordedText, UnreadableRecord } from '../files/recorded-fields.ts';
import { SWEPT_CAMPAIGNS_LISTED } from '../plan/limits.ts';
import { cut } from '../text/markdown.ts';
import { messageOf } from '../text/message-of.ts';
import { quoted } from '../text/quoted.ts';

/** What the workflow `janitor` is started with. */
export interface JanitorInput {
  /** Only say what would be removed. */
  readonly dryRun: boolean;
  /** The one host to sweep. Absent: all hosts whose workers serve this Temporal. */
  readonly host?: string;
  /** Nothing is swept: what a campaign has is kept. */
  readonly keep?: KeepRequest;
}

/** What a user keeps, and until when; a moment that has passed ends it. */
export interface KeepRequest {
  /** Workflow id of the campaign, or its name. */
  readonly campaign: string;
  readonly untilMs: number;
}

/**
 * What became of an abandoned campaign on a host.
 * - `abandoned`: found by a dry run; a sweep would remove it.
 * - `kept`: a user keeps it.
 * - `unknown`: it may be in use, so it stays.
 */
type SweptState = 'removed' | 'left-behind' | 'abandoned' | 'kept' | 'unknown';

const STATES: readonly SweptState[] = ['removed', 'left-behind', 'abandoned', 'kept', 'unknown'];

/** A campaign that a sweep found on a host. */
export interface SweptCampaign {
  readonly campaign: string;
  readonly workflowId: string;
  readonly state: SweptState;
  readonly why: string;
  /** Since when it is abandoned, ms since the epoch. Absent: that is not known. */
  readonly sinceMs?: number;
  readonly keptUntilMs?: number;
  /** What its hosts cost, in US dollars. Absent: that is not known. */
  readonly usdPerHour?: number;
  /** What could not be removed. */
  readonly left: readonly string[];
}

/** What a sweep found on a host, or why it could not sweep it. */
export interface HostSweep {
  readonly host: string;
  readonly campaigns: readonly SweptCampaign[];
  readonly failure?: string;
}

/** The result of the workflow `janitor`. */
export interface JanitorResult {
  readonly dryRun: boolean;
  readonly hosts: readonly HostSweep[];
}

/** Texts of a result, in bytes: it ends in a history. */
const MAX_TEXT_BYTES = 300;
const MAX_LEFT = 5;

/** Reads the argument of the workflow `janitor`: nothing, or an object of dryRun, host and keep. @returns what is wrong with it */
export function parseJanitorInput(value: unknown): JanitorInput | string {
  if (value === undefined || value === null) return { dryRun: false };
  if (typeof value !== 'object' || Array.isArray(value))
    return `found ${quoted(value)}; allowed: nothing, or an object`;
  const unknown = Object.keys(value).filter((key) => !['dryRun', 'host', 'keep'].includes(key));
  if (unknown.length > 0) return `unknown key ${quoted(unknown[0])}; allowed: dryRun, host, keep`;
  const { dryRun = false, host, keep } = value as Readonly<Record<'dryRun' | 'host' | 'keep', unknown>>;
  if (typeof dryRun !== 'boolean') return `dryRun: found ${quoted(dryRun)}; allowed: true, false`;
  const kept = keep === undefined ? {} : keepRequest(keep);
  if (typeof kept === 'string') return kept;
  if (host === undefined) return { dryRun, ...kept };
  if (typeof host !== 'string' || !/^[A-Za-z0-9-]{1,200}$/.test(host))
    return `host: found ${quoted(host)}; allowed: the name of a host as "./belay status --hosts" lists it`;
  return { dryRun, host, ...kept };
}

/** Reads the argument of the activity `sweepHost`, which any client may have scheduled. @throws UnreadableRecord naming the field */
export function parseSweepRequest(value: unknown): Pick<JanitorInput, 'dryRun'> {
  return { dryRun: recordedFields('sweep', value).flag('dryRun') };
}

/** Reads the argument of the activity `keepOnHost`. @throws UnreadableRecord with what is wrong with it */
export function parseKeepRequest(value: unknown): KeepRequest {
  const read = keepRequest(value);
  if (typeof read === 'string') throw new UnreadableRecord(read);
  return read.keep;
}

function keepRequest(value: unknown): { readonly keep: KeepRequest } | string {
  const { campaign, untilMs, ...rest } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof campaign === 'string' && isMoment(untilMs) && Number.isInteger(untilMs) && Object.keys(rest).length === 0)
    return { keep: { campaign, untilMs } };
  return `keep: found ${quoted(value)}; allowed: an object of campaign and untilMs, ms since 1970`;
}

/** A result of a size that a history takes. */
export function limitedSweep({ host, campaigns }: HostSweep): HostSweep {
  const more = campaigns.length - SWEPT_CAMPAIGNS_LISTED;
  return {
    host,
    campaigns: campaigns.slice(0, SWEPT_CAMPAIGNS_LISTED).map((each) => ({
      ...each,
      why: cut(each.why, MAX_TEXT_BYTES),
      left: each.left.slice(0, MAX_LEFT).map((left) => cut(left, MAX_TEXT_BYTES)),
    })),
    ...(more > 0 ? { failure: `${more} more campaigns are in the log of the worker` } : {}),
  };
}

/** Reads what a worker of any version reported. A result that cannot be read is a host that was not swept. */
export function parseHostSweep(host: string, value: unknown): HostSweep {
  try {
    const fields = recordedFields(`sweep of ${host}`, value);
    const campaigns = fields.list('campaigns', (item, where) => {
      const one = recordedFields(where, item);
      return {
        campaign: one.text('campaign'),
        workflowId: one.text('workflowId'),
        state: one.oneOf('state', STATES),
        why: one.text('why'),
        ...(one.has('sinceMs') ? { sinceMs: one.number('sinceMs') } : {}),
        ...(one.has('keptUntilMs') ? { keptUntilMs: one.number('keptUntilMs') } : {}),
        ...(one.has('usdPerHour') ? { usdPerHour: one.number('usdPerHour') } : {}),
        left: one.list('left', recordedText, []),
      };
    });
    return { host, campaigns, ...(fields.has('failure') ? { failure: fields.text('failure') } : {}) };
  } catch (error) {
    return { host, campaigns: [], failure: messageOf(error) };
  }
}

/** A sweep in one line. */
export function sweepInWords({ dryRun, hosts }: JanitorResult): string {
  const all = hosts.flatMap(({ campaigns }) => campaigns);
  const counts = STATES.map((state) => [all.filter((each) => each.state === state).length, state] as const);
  const found = counts.filter(([count]) => count > 0).map(([count, state]) => `${count} ${state}`);
  const failed = hosts.filter(({ failure }) => failure !== undefined).length;
  const parts = [...found, ...(failed === 0 ? [] : [`${failed} of ${hosts.length} hosts not swept completely`])];
  return `${dryRun ? 'dry run: ' : ''}${parts.length === 0 ? 'no abandoned campaign' : parts.join(', ')}`;
}
