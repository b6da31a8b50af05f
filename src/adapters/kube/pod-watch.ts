import type { ClusterClient } from './client.ts';
import type { WatchQuality } from '../../core/plan/observation.ts';
import type { WatchedPod } from './watched-pod.ts';

/** One change of a Pod, as far as an observer can know it. */
export type PodChange =
  | {
      readonly type: 'present';
      readonly pod: WatchedPod;
      /** Found by a list, or by a watch that was opened at `seenSinceMs`. Earlier changes were not seen as they happened. */
      readonly from: 'list' | 'watch';
      readonly seenSinceMs: number;
    }
  | {
      readonly type: 'gone';
      readonly uid: string;
      /** Its last state, as the event of the deletion shows it. Undefined when only a list shows that it is gone. */
      readonly last: WatchedPod | undefined;
    };

/** How well a watch went so far. The time until the first list counts as one without a confirmed state. */
export interface WatchStats extends WatchQuality {
  readonly events: number;
  readonly bookmarks: number;
  /** Lists, the first included. */
  readonly lists: number;
  /** Times the watch resumed from its last version after its connection ended. */
  readonly resumes: number;
}

export interface WatchRequest {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly onChange: (change: PodChange) => void;
  readonly signal: AbortSignal;
  /** The shortest pause between two lists that the watch is compared with, ms. It grows with the number of Pods. */
  readonly compareMs: number;
  /** Budget of a page of a list. A list after one that was not answered in time has twice as much. */
  readonly listBudgetMs: number;
  /** Called with what made a list or a connection fail. */
  readonly onFailure?: (cause: unknown) => void;
}

/** A watch under way. */
export interface PodWatch {
  /** Settles when the first list has been read. Rejects when the watch ended before. */
  readonly synced: Promise<void>;
  /** Settles when the signal has aborted and nothing is under way any more; rejects when `onChange` threw. */
  readonly done: Promise<void>;
  /** Since the begin, or since `restartStats`. */
  stats(): WatchStats;
  restartStats(): void;
  /**
   * When the last complete list was asked for that confirmed or corrected the state reported, ms since 1970. Undefined before the
   * first list. It does not advance while lists fail.
   */
  confirmedAtMs(): number | undefined;
  /** When a page of a list was last answered, or the watch began, ms since 1970. It advances while a slow list is read. */
  listedAtMs(): number;
  /**
   * Until when the state reported is the true one, as far as is known, ms since 1970: until now while a connection is open, otherwise
   * until it ended or was confirmed by a list.
   */
  knownUntilMs(): number;
  /** Asks for a list at once: `confirmedAtMs` shows when it is complete. */
  confirm(): void;
}
