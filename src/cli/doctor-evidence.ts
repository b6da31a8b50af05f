import { randomUUID } from 'node:crypto';
import { tryStore } from '../adapters/evidence/evidence-store.ts';
import { evidenceSetting, type EvidenceSetting } from '../adapters/host/evidence-setting.ts';
import { STORE_CHECK_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import { fine } from './doctor-checks.ts';
import type { Check } from './doctor-checks.ts';

const WHAT = 'evidence store';
const FROM = 'BELAY_EVIDENCE';

/** Checks the store that is set: whether a small object can be put there, read, and removed again. */
export async function checkEvidence(): Promise<Check> {
  let setting: EvidenceSetting | undefined;
  try {
    setting = evidenceSetting();
  } catch (cause) {
    // A campaign is refused with it.
    return {
      what: WHAT,
      found: '',
      from: FROM,
      state: 'problem',
      missing: messageOf(cause),
      fix: `correct or unset ${FROM} and ${FROM}_ENDPOINT`,
    };
  }
  if (setting === undefined) return fine(WHAT, 'none', 'evidence stays in runs/');
  try {
    await tryStore(`belay-doctor-${randomUUID()}`, { signal: new AbortController().signal, budgetMs: STORE_CHECK_MS });
    return fine(WHAT, setting.text, 'objects can be put, read and removed');
  } catch (cause) {
    return {
      what: WHAT,
      found: setting.text,
      from: FROM,
      state: 'optional',
      missing: messageOf(cause),
      fix: 'until it is corrected, evidence stays in runs/, and every campaign says so',
    };
  }
}
