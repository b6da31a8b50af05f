/** Something the person at the command line can mend: shown without a stack trace, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Belay's own ground gave way (a server, a tool, a port): shown without a stack trace, exit code 4. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
}
