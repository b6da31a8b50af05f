import type { z } from 'zod';
import type { Finding } from '../files/issues.ts';
import type { SubstrateType } from './substrate-types.ts';

/** The kinds of file that users edit. */
export const FILE_KINDS = ['Profile', 'Substrate', 'System', 'Ladder', 'Catalogue'] as const;

/** One kind of file. */
export type FileKind = (typeof FILE_KINDS)[number];

/** A notice about a field, before it has a position in the file. */
export interface Remark {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * A version of the file formats: what a file of that `apiVersion` means where it differs from Belay's own version. The
 * fields are the same in every version.
 */
export interface FileFormat {
  readonly apiVersion: string;
  /** Kinds of file that exist in this version. */
  readonly kinds: readonly FileKind[];
  /** Kinds whose files have no `apiVersion`, and are read as this version. */
  readonly unversionedKinds: readonly FileKind[];
  /** System of a profile that names none. */
  readonly defaultSystem: string;
  /** Type of a substrate that names none; absent = the field is required. */
  readonly defaultSubstrateType?: SubstrateType;
  /** True: load settings without effect are ignored with a notice. False: they are errors. */
  readonly ignoresInertLoad: boolean;
  /** Brings a raw document into the shape that Belay's schema expects, before validation. */
  readonly normalise: (schema: z.core.$ZodType, document: unknown, fallbackName: string) => unknown;
  /** Length of the soak in seconds for the value in the file; `written` is 0 where the file has none. */
  readonly soakSeconds: (written: number) => number;
  /** Seconds into the soak of a burst, scale-down or demand step; below 0 = during the ramp. */
  readonly intoSoak: (atSeconds: number, rampSeconds: number) => number;
  /** What a valid document of this version should know, e.g. fields without effect. */
  readonly notices: (kind: FileKind, document: unknown) => readonly Remark[];
}

/** A format that is no longer read, but recognised: the error explains what to do with the file. */
export interface RetiredFormat {
  readonly kind: FileKind;
  /** The error for a document of this format; undefined where it is of another. */
  readonly refuse: (document: unknown) => Finding | undefined;
}
