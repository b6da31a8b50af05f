import type { FileError } from './file-error.ts';
import { placed, valueAt } from './issues.ts';
import type { Finding } from './issues.ts';
import { applyOverrides } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { readYaml } from './yaml-text.ts';
import type { Source } from './yaml-text.ts';
import type { Segment } from './yaml-place.ts';

/** A file that is right by itself, in which more turned out to be wrong when it met the others. */
export interface Told {
  /** The file as messages name it. */
  readonly file: string;
  /** Undefined = it came as an object, and has no lines. */
  readonly text?: string | undefined;
  readonly overrides: Overrides;
}

/** Gives a finding its place in a file, or names the override that it came by. */
export function placeIn(told: Told, finding: Finding): FileError {
  const source = sourceOf(told);
  return placed(finding, source, applyOverrides(source.raw, told.overrides).from);
}

/** Whether a file, or an override of it, says anything of a path's first field: what it does not say is somebody else's. */
export function speaksOf(told: Told, path: readonly Segment[]): boolean {
  const { raw } = applyOverrides(sourceOf(told).raw, told.overrides);
  return valueAt(raw, path.slice(0, 1)) !== undefined;
}

/** `runnerActions[0].action` -> runnerActions, 0, action. */
export function pathOf(field: string): readonly Segment[] {
  return field
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function sourceOf({ file, text }: Told): Source {
  const read = text === undefined ? undefined : readYaml(text, file);
  if (read?.ok === true) return read.source;
  return { file, raw: Object.create(null), place: () => ({ line: 0, column: 0 }), written: () => undefined };
}
