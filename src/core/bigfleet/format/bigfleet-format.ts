import type { FileFormat, RetiredFormat } from '../../model/file-format.ts';
import { asBigfleetReads } from './empty-fields.ts';
import { legacyProblem } from './legacy-marks.ts';
import { intoSoak, soakSecondsOf } from './load-times.ts';
import { bigfleetNotices } from './notices.ts';

/** BigFleet's version of profiles, substrates and catalogues. Its catalogues have no `apiVersion`. */
export const BIGFLEET_FORMAT = {
  apiVersion: 'bigfleet.io/scaletest/v1',
  kinds: ['Profile', 'Substrate', 'Catalogue'],
  unversionedKinds: ['Catalogue'],
  defaultSystem: 'bigfleet',
  defaultSubstrateType: 'hosted',
  ignoresInertLoad: true,
  normalise: asBigfleetReads,
  soakSeconds: soakSecondsOf,
  intoSoak,
  notices: bigfleetNotices,
} as const satisfies FileFormat;

/** BigFleet's profiles before that version: Helm values without `apiVersion`. */
export const BIGFLEET_LEGACY_PROFILE: RetiredFormat = { kind: 'Profile', refuse: legacyProblem };
