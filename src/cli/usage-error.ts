/** An error that the user of the command line can fix. It is shown without a stack trace; exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Belay's own infrastructure failed (a server, a tool, a port). It is shown without a stack trace; exit code 4. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
}
