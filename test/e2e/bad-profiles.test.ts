import { expect, test } from 'vitest';
import { withBelay, type Belay } from './belay-cli.ts';
import { namesIn } from './leftovers.ts';
import { SMALL_CATALOGUE, smallProfile } from './small-profile.ts';

const GOOD = smallProfile({ name: 'bad' });
/** The good profile with one line of it written otherwise. */
const withLine = (line: RegExp, instead: string): string => {
  if (!line.test(GOOD)) throw new Error(`no ${String(line)} in:\n${GOOD}`);
  return GOOD.replace(line, instead);
};
const withGate = (query: string): string =>
  smallProfile({ name: 'bad', gates: { mine: { query, max: 1, bar: 'held', unit: 's' } } });

/** What is in the file, and what the first lines of the error say. */
const BAD: Readonly<Record<string, { readonly text: string; readonly says: RegExp }>> = {
  'wrong type': {
    text: withLine(/rampSeconds: 3/, 'rampSeconds: soon'),
    says: /bad\.yaml:\d+:\d+ loadProfile\.rampSeconds: wrong type; found "soon"/,
  },
  'unknown key': {
    text: withLine(/rampSeconds: 3/, 'rampSecond: 3'),
    says: /loadProfile\.rampSecond: unknown key.*rampSeconds/,
  },
  'negative count': { text: withLine(/machines: 6/, 'machines: -6'), says: /scale\.machines.*-6/ },
  empty: { text: '', says: /bad\.yaml.*empty/ },
  'not YAML': { text: 'kind: [Profile\n  metadata: }', says: /bad\.yaml:\d+:\d+/ },
  'circular anchors': {
    text: withLine(/scale:/, 'more: &a\n  again: *a\nscale:'),
    says: /bad\.yaml:\d+:\d+.*(anchor|alias|circular)/i,
  },
  '10 MB': { text: `${GOOD}# ${'x'.repeat(10 * 1024 * 1024)}\n`, says: /bad\.yaml.*(10|bytes|MB|MiB)/ },
  'catalogue outside of its folder': {
    text: withLine(/archetypes: small/, 'archetypes: ../../small'),
    says: /catalog\.archetypes.*\.\.\/\.\.\/small/,
  },
  contradiction: {
    text: smallProfile({ name: 'bad', more: { seed: { speculativeCount: 1, speculativeMultiplier: 1 } } }),
    says: /speculative(Count|Multiplier)/,
  },
  'bad duration': {
    text: withLine(/gateInterval: 2s/, 'gateInterval: 2 sheep'),
    says: /deadlines\.gateInterval.*2 sheep/,
  },
  'bad PromQL': { text: withGate('sum(rate(x[1m])'), says: /gates\.mine\.query/ },
  'a wait longer than the stage around it': {
    text: smallProfile({ name: 'bad', deadlines: { nodeReady: '5m', seed: '90s' } }),
    says: /deadlines\.seed 90s|deadlines\.seed 1m30s/,
  },
};

test('a bad profile is refused before anything starts, in a sentence that names the place', async () => {
  await withBelay(async (belay) => {
    belay.write('elsewhere/archetypes/small.yaml', SMALL_CATALOGUE);
    for (const [what, { text, says }] of Object.entries(BAD)) {
      belay.write('elsewhere/bad.yaml', text);
      await isRefused(belay, `${belay.elsewhere}/bad.yaml`, says, what);
    }
    await isRefused(
      belay,
      `${belay.elsewhere}/absent.yaml`,
      /absent\.yaml.*(not found|does not exist|no such)/i,
      'missing file',
    );
    await isRefused(belay, `${belay.elsewhere}/../absent/bad.yaml`, /bad\.yaml/, 'path with ..');
    expect(namesIn(belay.home)).toEqual([]);
    expect(namesIn(belay.runs)).toEqual([]);
  });
});

test('a wait that is longer than the limit around it is refused with both names and both values', async () => {
  await withBelay(async (belay) => {
    belay.write('elsewhere/archetypes/small.yaml', SMALL_CATALOGUE);
    const path = belay.write(
      'elsewhere/bad.yaml',
      smallProfile({ name: 'bad', deadlines: { podReady: '5m', steady: '30s' } }),
    );
    await isRefused(belay, path, /deadlines\.steady 30s.*deadlines\.podReady 5m/, 'the 30 s around 5 min');
  });
});

async function isRefused(belay: Belay, path: string, says: RegExp, what: string): Promise<void> {
  const { exitCode, stdout, stderr } = await belay.run(['run', path]);
  expect(exitCode, `${what}: ${stdout}${stderr}`).toBe(64);
  expect(stderr, what).toMatch(says);
  // Nobody reads more than a few lines, and nobody a stack.
  expect(stderr.length, what).toBeLessThan(2_000);
  expect(stderr, what).not.toMatch(/\n {4}at /);
}
