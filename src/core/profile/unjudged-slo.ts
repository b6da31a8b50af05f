import { isOver, isUnder } from '../gates/beyond-bar.ts';
import { kindsIn } from '../gates/kinds/registry.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { Profile, Slo } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import type { SloBar } from '../model/system-extension.ts';
import { EXTENSIONS, extensionOf, gatesWithSlo } from './extensions.ts';
import type { Mismatch } from './mismatch.ts';

type Judging = Pick<System, 'extension' | 'gates'> & { readonly metadata: { readonly name: string } };

/**
 * The bars of a profile's `slo` that no gate of the campaign would have. Such a bar is refused, because a profile that asks for
 * it would pass without it. A key that asks for nothing (false, an empty text, and 0 where it means "off") is accepted.
 */
export function unjudgedSlo(profile: Profile, system: Judging): readonly Mismatch[] {
  const extension = extensionOf(system);
  const name = system.metadata.name;
  return Object.entries(profile.slo).flatMap(([key, value]): readonly Mismatch[] => {
    const refuse = (problem: string, allowed: string, found = shown(value)): readonly Mismatch[] => [
      { path: ['slo', key], problem, found, allowed },
    ];
    if (isRetired(key) || value === false || value === '') return [];
    if (extension === undefined) {
      const known = Object.keys(system.gates).join(', ') || 'none';
      const titles = EXTENSIONS.map(({ title }) => title).join(', ');
      return refuse(
        `nothing judges it: system ${name} has no gate for it`,
        `no slo on this system (it holds bars of ${titles}); bars are changed in gates: ${known}`,
      );
    }
    const bar = extension.sloBars[key as keyof Slo];
    if (bar === 'retired') return [];
    if (bar.onlyWith !== undefined && profile.slo[bar.onlyWith] !== true)
      return value === 0 ? [] : refuse(`nothing judges it without slo.${bar.onlyWith}`, `slo.${bar.onlyWith}: true`);
    if (value === 0) return [];
    if (bar.added !== true && !Object.hasOwn(system.gates, bar.gate))
      return refuse(`nothing judges it: system ${name} has no gate ${bar.gate}`, `a system with that gate`);
    if (profile.gates[bar.gate]?.bar === 'informational')
      return refuse(
        `nothing judges it: gates.${bar.gate}.bar of this profile is informational`,
        'a bar in slo, or an informational gate',
      );
    const change = profile.gates[bar.gate] ?? {};
    const changed = otherJudgement(gatesWithSlo(system, profile, {})[bar.gate] ?? {}, change);
    if (changed === undefined) return [];
    return refuse(
      `nothing judges it: gates.${bar.gate}.${changed} of this profile replaces it`,
      `a bar in slo, or another one in gates; gates.${bar.gate} may narrow the bar of slo`,
      `${shown(value)}, and gates.${bar.gate}.${changed}: ${JSON.stringify((change as Readonly<Record<string, unknown>>)[changed])}`,
    );
  });
}

/** The field by which a profile's gate judges less than the bar of its `slo`: another number, another source, or nothing at all. */
function otherJudgement(asked: GatePatch, change: GatePatch): string | undefined {
  const source = kindsIn(change)[0];
  if (source !== undefined) return source;
  if (change.scale !== undefined) return 'scale';
  if (change.unmeasured === 'allow') return 'unmeasured';
  if (asked.max !== undefined && change.max !== undefined && isOver(change.max, asked.max)) return 'max';
  if (asked.min !== undefined && change.min !== undefined && isUnder(change.min, asked.min)) return 'min';
  return undefined;
}

/** Keys that no extension judges any more. */
function isRetired(key: string): boolean {
  const bars = EXTENSIONS.map(({ sloBars }): SloBar | undefined => sloBars[key as keyof Slo]);
  return bars.every((bar) => bar === 'retired');
}

function shown(value: unknown): string {
  return `${JSON.stringify(value)} (${typeof value})`;
}
