/**
 * How a campaign ended, apart from its gates.
 * - `completed`: it has a verdict.
 * - `aborted`: it was cancelled.
 * - `harness-fault`: Belay's own infrastructure failed, so nothing is known about the system.
 */
export type Ending = 'completed' | 'aborted' | 'harness-fault';
