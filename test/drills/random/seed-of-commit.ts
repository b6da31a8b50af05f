/** The seed of a commit: its first 31 bits. Another commit tries other faults, and the same one can be tried again. */
export function seedOfCommit(sha: string): number {
  return Number.parseInt(sha.slice(0, 8), 16) >>> 1;
}
