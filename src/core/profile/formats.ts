import { BIGFLEET_FORMAT, BIGFLEET_LEGACY_PROFILE } from '../bigfleet/format/bigfleet-format.ts';
import type { Finding } from '../files/issues.ts';
import { FILE_KINDS } from '../model/file-format.ts';
import type { FileFormat, FileKind, RetiredFormat } from '../model/file-format.ts';

/** Belay's own version of the file formats. */
export const BELAY_FORMAT = {
  apiVersion: 'belay.dev/v1',
  kinds: FILE_KINDS,
  unversionedKinds: [],
  defaultSystem: 'kube-scheduler',
  ignoresInertLoad: false,
  normalise: (_schema, document) => document,
  soakSeconds: (written) => written,
  intoSoak: (atSeconds) => atSeconds,
  notices: () => [],
} as const satisfies FileFormat;

/** Registry of file formats. A format is one descriptor and one entry here; `VERSIONS` follows for the schema. */
const FORMATS: readonly FileFormat[] = [BELAY_FORMAT, BIGFLEET_FORMAT];
const RETIRED: readonly RetiredFormat[] = [BIGFLEET_LEGACY_PROFILE];

/** Values of `apiVersion` in kinds of file that exist in several versions. */
export const VERSIONS = [BELAY_FORMAT.apiVersion, BIGFLEET_FORMAT.apiVersion] as const;

/** The format of a document; Belay's where the version is unknown, so that the schema reports the version. */
export function formatOf(kind: FileKind, version: unknown): FileFormat {
  const found = FORMATS.find((format) =>
    version === undefined
      ? format.unversionedKinds.includes(kind)
      : format.apiVersion === version && format.kinds.includes(kind),
  );
  return found ?? BELAY_FORMAT;
}

/** The error for a document of a retired format; undefined for any other. */
export function refuseRetired(kind: FileKind, document: unknown): Finding | undefined {
  return RETIRED.filter((format) => format.kind === kind)
    .map((format) => format.refuse(document))
    .find((finding) => finding !== undefined);
}
