import type { FailureKind } from '../campaign/machine.ts';
import type { Verdict } from '../gates/model.ts';

/** Exit codes of `belay run`, `watch`, `climb` and `judge`. Documented in the README; scripts rely on them. */
export const EXIT = {
  pass: 0,
  fail: 1,
  unmeasured: 2,
  aborted: 3,
  harnessFault: 4,
  /** Two digits, from sysexits: different from every verdict's code. */
  usage: 64,
} as const;

/** The exit code of a campaign's or climb's end. */
export function exitCodeOf(end: Verdict | 'aborted' | 'harness-fault' | 'not-started' | 'running'): number {
  switch (end) {
    case 'pass':
      return EXIT.pass;
    case 'fail':
      return EXIT.fail;
    case 'aborted':
      return EXIT.aborted;
    case 'harness-fault':
      return EXIT.harnessFault;
    case 'unmeasured':
    case 'not-started':
    case 'running':
      return EXIT.unmeasured;
  }
}

/** The exit code for a campaign that holds at a failure of this kind. */
export function exitOfFailure(kind: FailureKind | undefined): number {
  if (kind === 'harness') return EXIT.harnessFault;
  return kind === 'target' ? EXIT.unmeasured : EXIT.fail;
}
