import { convertLegacy } from '../bigfleet/legacy/convert-legacy.ts';
import type { Conversion } from '../bigfleet/legacy/convert-legacy.ts';

/**
 * Converts a profile of a retired format into one that Belay reads. BigFleet's legacy profile is the only such format.
 * @param file name of the file for messages; the profile's name comes from it
 */
export function convertProfile(text: string, file: string): Conversion {
  return convertLegacy(text, file);
}
