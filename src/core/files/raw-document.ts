import { describe, valueAt } from './issues.ts';
import type { Finding } from './issues.ts';
import type { Segment } from './yaml-path.ts';

/**
 * Access to a raw document, valid or not, for rules over several fields. These rules are separate from the schema, because the
 * checks of a schema over several fields do not run while any field is wrong, and all errors must be reported at once. Each
 * getter returns undefined for a value that is missing or has another type; the schema reports that.
 */
export class RawDocument {
  readonly findings: Finding[] = [];
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  number(...path: readonly Segment[]): number | undefined {
    const value = valueAt(this.#root, path);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  text(...path: readonly Segment[]): string | undefined {
    const value = valueAt(this.#root, path);
    return typeof value === 'string' ? value : undefined;
  }

  is(...path: readonly Segment[]): boolean {
    return valueAt(this.#root, path) === true;
  }

  has(...path: readonly Segment[]): boolean {
    const value = valueAt(this.#root, path);
    return value !== undefined && value !== null;
  }

  list(...path: readonly Segment[]): readonly unknown[] {
    const value = valueAt(this.#root, path);
    return Array.isArray(value) ? value : [];
  }

  /** The texts of a list; what else is in it is left out. */
  texts(...path: readonly Segment[]): readonly string[] {
    return this.list(...path).filter((value) => typeof value === 'string');
  }

  keys(...path: readonly Segment[]): readonly string[] {
    const value = valueAt(this.#root, path);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** Adds an error at a path. */
  refuse(path: readonly Segment[], problem: string, allowed: string): void {
    const value = valueAt(this.#root, path);
    this.findings.push({
      path,
      problem,
      found: typeof value === 'object' ? '' : describe(value),
      allowed,
      atValue: true,
    });
  }
}
