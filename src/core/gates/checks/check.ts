import type { Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/**
 * Looks for one kind of reason why a reading must not be believed. Each check is one file beside this one.
 * @throws Unanswered
 */
export type Check = (subject: Subject, jobs: readonly string[]) => Asking<Refusal | undefined>;
