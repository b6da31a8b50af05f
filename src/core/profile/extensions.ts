import { BIGFLEET_EXTENSION } from '../bigfleet/system/extension.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import type { RunSize, SystemExtension } from '../model/system-extension.ts';

/** Registry of system extensions. */
export const EXTENSIONS: readonly SystemExtension[] = [BIGFLEET_EXTENSION];

/** Names of all extensions, for the schema. */
export const EXTENSION_NAMES = [BIGFLEET_EXTENSION.name] as [string, ...string[]];

/** The extension of a system: the one its file names, else the one that recognises its gates; undefined = none. */
export function extensionOf(system: Pick<System, 'extension' | 'gates'>): SystemExtension | undefined {
  return EXTENSIONS.find((extension) =>
    system.extension === undefined ? extension.recognises(system.gates) : extension.name === system.extension,
  );
}

/** A system's gates with the bars of the profile's `slo`; unchanged where the system has no extension. */
export function gatesWithSlo(
  system: Pick<System, 'extension' | 'gates'>,
  profile: Profile,
  size: RunSize,
): Readonly<Record<string, GatePatch>> {
  return extensionOf(system)?.applySlo(system.gates, profile, size) ?? system.gates;
}
