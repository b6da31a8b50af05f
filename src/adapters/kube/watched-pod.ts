import { INTENDED_AT_ANNOTATION, LABELS, SENT_AT_ANNOTATION } from '../../core/plan/labels.ts';
import type { ObjectMeta } from './client.ts';

/** What an observer needs of a Pod. */
export interface WatchedPod {
  readonly uid: string;
  readonly name: string;
  /** Its resourceVersion. */
  readonly version: number;
  readonly archetype: string;
  readonly slot: number;
  readonly generation: number;
  /** Empty = not bound. */
  readonly nodeName: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Its phase is Failed or Succeeded: nothing of it runs, and nothing will. */
  readonly finished: boolean;
  /** When it should have been created, ms since 1970; undefined when it does not say. */
  readonly intendedAtMs: number | undefined;
  /** When its create request was first sent, ms since 1970. A Pod that does not say was sent when it should have been. */
  readonly sentAtMs: number | undefined;
  /** When the scheduler says it bound it, to the second below; undefined when it does not say. */
  readonly scheduledAtMs: number | undefined;
}

/** The fields of a Pod that are read. */
export interface PodObject {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

/** Reduces a Pod of the API to what is kept of it. */
export function readPod({ metadata, spec, status }: PodObject): WatchedPod {
  const { labels, annotations } = metadata;
  const held = (type: string): { readonly lastTransitionTime?: string } | undefined =>
    status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
  const moment = (annotation: string): number | undefined => finite(Number(annotations?.[annotation] ?? Number.NaN));
  const intendedAtMs = moment(INTENDED_AT_ANNOTATION);
  return {
    uid: metadata.uid,
    name: metadata.name,
    version: Number(metadata.resourceVersion),
    archetype: labels?.[LABELS.archetype] ?? '',
    slot: Number(labels?.[LABELS.slot] ?? -1),
    generation: Number(labels?.[LABELS.generation] ?? 0),
    nodeName: spec?.nodeName ?? '',
    ready: held('Ready') !== undefined,
    deleting: metadata.deletionTimestamp !== undefined,
    finished: status?.phase === 'Failed' || status?.phase === 'Succeeded',
    intendedAtMs,
    sentAtMs: moment(SENT_AT_ANNOTATION) ?? intendedAtMs,
    scheduledAtMs: finite(Date.parse(held('PodScheduled')?.lastTransitionTime ?? '')),
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
