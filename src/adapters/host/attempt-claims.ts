import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { recordedFields } from '../../core/files/recorded-fields.ts';
import { readJsonFile, writeJsonFile } from './atomic-file.ts';
import { campaignFolder, withLedger } from './ledger.ts';

/** The right of one attempt of an activity to act for its campaign on this host. */
export interface AttemptClaim {
  /** False once a later attempt has claimed the activity, or the campaign has left this host. It reads a small file. */
  readonly isCurrent: () => boolean;
}

interface Claim {
  readonly id: string;
  readonly scheduledAtMs: number;
}

/**
 * Claims an activity of a campaign for one attempt. Temporal gives up an attempt whose worker is frozen or cut off, and begins the
 * next one. The worker of the first may live on: it must not act any more, and it may hear of it too late.
 *
 * @param scheduledAtMs when Temporal scheduled the attempt, by its clock: a later attempt is never displaced by an earlier one
 */
export function claimAttempt(slug: string, activity: string, scheduledAtMs: number): AttemptClaim {
  const path = join(campaignFolder(slug), 'attempts', `${activity}.json`);
  const id = randomUUID();
  const hasLedger = withLedger(slug, () => {
    const known = claimAt(path);
    if (known === undefined || known.scheduledAtMs <= scheduledAtMs) writeJsonFile(path, { id, scheduledAtMs });
  });
  return {
    isCurrent: () => {
      const now = claimAt(path);
      // Before a campaign has a ledger, it has nothing on this host that two attempts could change.
      return now === undefined ? !hasLedger : now.id === id;
    },
  };
}

function claimAt(path: string): Claim | undefined {
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  const fields = recordedFields(path, value);
  return { id: fields.text('id'), scheduledAtMs: fields.number('scheduledAtMs') };
}
