import type { Metadata } from './metadata.ts';

/** Campaigns in order of size; the climb stops at the first that is not green. */
export interface Ladder {
  readonly metadata: Metadata;
  readonly rungs: readonly {
    readonly profile: string;
    readonly substrate: string;
    readonly overrides: Readonly<Record<string, unknown>>;
  }[];
  /** A rung with a metric that its trend flags runs once more. */
  readonly runAgain: boolean;
  readonly schedule?: {
    readonly calendars: readonly { readonly hour: number; readonly minute: number; readonly dayOfWeek?: string }[];
    readonly timezone: string;
    readonly catchupMs: number;
    readonly paused: boolean;
  };
}
