/** What does not fit between files; the path is within the profile. */
export interface Mismatch {
  readonly path: readonly (string | number)[];
  readonly problem: string;
  readonly found: string;
  readonly allowed: string;
  readonly suggestion?: string;
}
