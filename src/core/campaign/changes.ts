import { nearest } from '../text/nearest.ts';
import { quoted } from '../text/quoted.ts';
import type { CampaignOutline } from './outline.ts';

/**
 * What a retry may change: bars and flags of gates that the campaign has, and the load of the soak. Everything else would make
 * it another campaign. The check needs no parser, so that the workflow's validator can do it.
 */

/** What the check needs to know about the campaign. */
export type Changeable = Pick<CampaignOutline, 'gates' | 'load'>;

interface Rule {
  readonly allowed: string;
  readonly accepts: (value: unknown) => boolean;
}

const NON_NEGATIVE: Rule = { allowed: 'a number >= 0', accepts: (v) => isFiniteNumber(v) && v >= 0 };
/** The same limit as in a profile file. */
const MAX_COUNT = 1_000_000_000;
const POSITIVE_INTEGER: Rule = { allowed: 'a whole number from 1 to 1000000000', accepts: (v) => isCount(v) && v >= 1 };
const COUNT: Rule = { allowed: 'a whole number from 0 to 1000000000', accepts: isCount };
const ANY_NUMBER: Rule = { allowed: 'a number', accepts: isFiniteNumber };
const BOOLEAN: Rule = { allowed: 'true or false', accepts: (v) => typeof v === 'boolean' };

const GATE_RULES: Readonly<Record<string, Rule>> = {
  min: ANY_NUMBER,
  max: ANY_NUMBER,
  failFast: BOOLEAN,
  minSamples: POSITIVE_INTEGER,
  unmeasured: { allowed: '"fail" or "allow"', accepts: (v) => v === 'fail' || v === 'allow' },
};

const LOAD_RULES: Readonly<Record<string, Rule>> = {
  soakSeconds: POSITIVE_INTEGER,
  settleSeconds: COUNT,
  churnPerMinute: NON_NEGATIVE,
};

/**
 * Why a retry cannot make a set of changes, one sentence each; empty if it can.
 * @param set dotted path to value, e.g. `{"gates.podBindP99.max": 3}`
 */
export function refuseChanges(campaign: Changeable, set: unknown): readonly string[] {
  if (typeof set !== 'object' || set === null || Array.isArray(set)) {
    return [
      `set: found ${shown(set)}; allowed: an object of dotted paths, e.g. {"gates.${campaign.gates[0]?.name ?? 'name'}.max": 5}.`,
    ];
  }
  const refused: string[] = [];
  if (Object.keys(set).length === 0) refused.push('set: found {}; a retry without changes leaves it out.');
  for (const [path, value] of Object.entries(set)) {
    const found = ruleFor(campaign, path);
    if (typeof found === 'string') refused.push(found);
    else if (!found.accepts(value)) refused.push(`set.${path}: found ${shown(value)}; allowed: ${found.allowed}.`);
  }
  if (refused.length === 0) refused.push(...contradictions(campaign, set as Record<string, unknown>));
  return refused;
}

function ruleFor({ gates }: Changeable, path: string): Rule | string {
  const parts = path.split('.');
  const [head, name = '', field = ''] = parts;
  if (head === 'gates' && parts.length === 3) {
    if (!gates.some((gate) => gate.name === name)) {
      const names = gates.map((gate) => gate.name);
      return `set.${path}: this campaign has no gate "${name}"; its gates: ${names.join(', ')}.${near(name, names)}`;
    }
    const fields = Object.keys(GATE_RULES);
    return (
      own(GATE_RULES, field) ??
      `set.${path}: of a gate a retry may change ${fields.join(', ')}; found "${field}".${near(field, fields)}`
    );
  }
  if (head === 'loadProfile' && parts.length === 2) {
    const fields = Object.keys(LOAD_RULES);
    return (
      own(LOAD_RULES, name) ??
      `set.${path}: of the load a retry may change ${fields.join(', ')}; found "${name}".${near(name, fields)}`
    );
  }
  const allowed = `gates.<name>.<${Object.keys(GATE_RULES).join('|')}> and loadProfile.<${Object.keys(LOAD_RULES).join('|')}>`;
  return `set.${path}: a retry may change ${allowed}.${near(head ?? '', ['gates', 'loadProfile'])}`;
}

/** The suggestion at the end of a message; empty where no name is near. */
function near(written: string, known: readonly string[]): string {
  const suggestion = nearest(written, known);
  return suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
}

function contradictions({ gates, load }: Changeable, set: Readonly<Record<string, unknown>>): readonly string[] {
  const refused: string[] = [];
  const soakSeconds = Number(set['loadProfile.soakSeconds'] ?? load.soakSeconds);
  const settleSeconds = Number(set['loadProfile.settleSeconds'] ?? load.settleSeconds);
  if (settleSeconds > 0 && settleSeconds >= soakSeconds) {
    refused.push(
      `set: loadProfile.settleSeconds ${settleSeconds} must be less than loadProfile.soakSeconds ${soakSeconds}.`,
    );
  }
  for (const { what, atSeconds } of load.events) {
    if (atSeconds >= soakSeconds) {
      refused.push(
        `set: loadProfile.soakSeconds ${soakSeconds} ends before ${what} at ${atSeconds} s; allowed: more than ${atSeconds}.`,
      );
    }
  }
  for (const gate of gates) {
    const min = set[`gates.${gate.name}.min`] ?? gate.bar.min;
    const max = set[`gates.${gate.name}.max`] ?? gate.bar.max;
    if (typeof min === 'number' && typeof max === 'number' && min > max) {
      refused.push(`set: gate ${gate.name} would have min ${min} above its max ${max}.`);
    }
    if (set[`gates.${gate.name}.failFast`] === true && gate.barKind === 'informational' && !hasNewBar(set, gate.name)) {
      refused.push(
        `set.gates.${gate.name}.failFast: an informational gate cannot end the soak; give it a bar as well.`,
      );
    }
  }
  return refused;
}

function hasNewBar(set: Readonly<Record<string, unknown>>, gate: string): boolean {
  return set[`gates.${gate}.min`] !== undefined || set[`gates.${gate}.max`] !== undefined;
}

function own(rules: Readonly<Record<string, Rule>>, name: string): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : `${quoted(value)} (${value === null ? 'null' : typeof value})`;
}
