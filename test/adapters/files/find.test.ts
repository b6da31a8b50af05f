import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  availableNames,
  findProfile,
  findSystem,
  loadCatalogue,
  loadProfileFile,
  looksLikePath,
} from '../../../src/adapters/files/find.ts';
import type { Found } from '../../../src/adapters/files/find.ts';
import { loadCampaign } from '../../../src/adapters/files/load-campaign.ts';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';

const profile = (name: string, more = ''): string => `apiVersion: belay.dev/v1
kind: Profile
metadata: { name: ${name} }
scale: { machines: 2, density: 3 }
catalog: { archetypes: small }
loadProfile: { rampSeconds: 10, soakSeconds: 20 }
${more}`;
const catalogue = 'archetypes: [{ name: web, instanceTypes: [a], resources: { cpu: 100m } }]\n';

let root = '';
let other = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'belay-files-'));
  other = join(root, 'other');
  for (const folder of ['profiles/archetypes', 'systems', 'other/profiles'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'profiles/dev-50.yaml'), profile('dev-50'));
  writeFileSync(join(root, 'profiles/archetypes/small.yaml'), catalogue);
  writeFileSync(join(root, 'secret.yaml'), profile('secret'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function told(found: Found<unknown>): string {
  return found.ok ? 'found' : formatFileErrors(found.errors);
}

describe('a name', () => {
  it('is looked up in the folders in their order', () => {
    writeFileSync(join(other, 'profiles/dev-50.yaml'), profile('dev-50', 'randomSeed: 9\n'));
    const first = findProfile('dev-50', [other, root]);
    expect(first.ok && first.value.randomSeed).toBe(9);
    expect(first.ok && first.path).toBe(join(other, 'profiles/dev-50.yaml'));
    const second = findProfile('dev-50', [root, other]);
    expect(second.ok && second.value.randomSeed).toBe(1);
  });

  it('that nobody has is answered with those there are', () => {
    expect(told(findProfile('dev-5', [root, other]))).toBe(
      'profile "dev-5": not found; allowed: dev-50; did you mean dev-50?',
    );
    expect(told(findSystem('any', [root]))).toContain('nothing: no files in');
    expect(availableNames('profiles', [root])).toEqual(['dev-50']);
  });

  it.each(['../secret', '..', 'profiles/dev-50', '/etc/passwd', 'a\\b', '', 'a\0b', '.hidden', 'x'.repeat(200)])(
    'cannot be %j',
    (name) => {
      expect(told(findProfile(name, [root]))).toMatch(/a name/);
      expect(told(loadCatalogue(join(root, 'profiles'), name))).toMatch(/a name/);
    },
  );

  it('does not follow a link out of its folder, but one within it', () => {
    symlinkSync(join(root, 'secret.yaml'), join(root, 'profiles/leak.yaml'));
    symlinkSync(join(root, 'profiles/dev-50.yaml'), join(root, 'profiles/alias.yaml'));
    expect(told(findProfile('leak', [root]))).toContain('a link that leads out of its folder');
    expect(told(findProfile('alias', [root]))).toBe('found');
  });

  it('takes overrides', () => {
    const found = findProfile('dev-50', [root], { overrides: { 'scale.machines': 7 } });
    expect(found.ok && found.value.scale.machines).toBe(7);
    expect(told(findProfile('dev-50', [root], { overrides: { 'scale.machines': -7 } }))).toMatch(
      /^override "scale.machines" scale.machines: too small/,
    );
  });
});

describe('a path', () => {
  it('may lie anywhere', () => {
    expect(told(loadProfileFile(join(root, 'secret.yaml')))).toBe('found');
    expect([looksLikePath('dev-50'), looksLikePath('a.yaml'), looksLikePath('./x')]).toEqual([false, true, true]);
  });

  it('that cannot be read says why', () => {
    writeFileSync(join(root, 'large.yaml'), '# '.padEnd(10 * 1024 * 1024, 'x'));
    writeFileSync(join(root, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
    symlinkSync('circle.yaml', join(root, 'circle.yaml'));
    expect(told(loadProfileFile(join(root, 'nowhere.yaml')))).toContain('no such file');
    expect(told(loadProfileFile(join(root, 'profiles')))).toContain('a folder, not a file');
    expect(told(loadProfileFile(join(root, 'large.yaml')))).toContain(
      'too large; found 10485760 bytes; allowed: at most 1048576 bytes',
    );
    expect(told(loadProfileFile(join(root, 'latin.yaml')))).toContain('bytes that are not UTF-8');
    expect(told(loadProfileFile(join(root, 'circle.yaml')))).toContain('a link in a circle');
    expect(told(loadProfileFile('/dev/zero'))).toContain('not a plain file');
  });
});

describe('a catalogue', () => {
  it('lies beside its profile, else in the folders', () => {
    const beside = loadCatalogue(join(root, 'profiles'), 'small');
    expect(beside.ok && beside.value.name).toBe('small');
    expect(told(loadCatalogue(undefined, 'small', [root]))).toBe('found');
    expect(told(loadCatalogue(undefined, 'smal', [root]))).toContain('did you mean small?');
  });
});

describe("a campaign's files", () => {
  it('are loaded together', () => {
    const files = loadCampaign({ profile: { name: 'dev-50' }, overrides: {} }, [root, repositoryFolder]);
    expect(files.ok && [files.catalogue.name, files.substrate.metadata.name, files.system.value.metadata.name]).toEqual(
      ['small', 'local', 'kube-scheduler'],
    );
    expect(files.ok && files.system.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are checked against one another, at the place in the profile', () => {
    const more = `gates:\n  podBndP99: { max: 3 }\n  podsBound: { max: 0.5 }\n`;
    writeFileSync(join(root, 'profiles/misfit.yaml'), profile('misfit', more));
    const files = loadCampaign(
      {
        profile: { name: 'misfit' },
        overrides: { 'loadProfile.bursts': [{ atSeconds: 1, archetype: 'wbe', extraTarget: 1 }] },
      },
      [root, repositoryFolder],
    );
    const text = files.ok ? '' : formatFileErrors(files.errors);
    expect(text).toContain('not an archetype of catalogue small; found "wbe"; allowed: web; did you mean web?');
    expect(text).toMatch(
      /misfit\.yaml:8:14 gates\.podBndP99: not a gate of system kube-scheduler.*did you mean podBindP99\?/,
    );
    expect(text).toMatch(
      /misfit\.yaml:9:21 gates\.podsBound\.max: nothing can pass; found 0\.5; allowed: at least 0\.999/,
    );
  });

  it('are all told when several are wrong', () => {
    writeFileSync(join(root, 'profiles/bad.yaml'), profile('bad', 'system: nowhere\n').replace('small', 'smal'));
    const files = loadCampaign({ profile: { name: 'bad' }, substrate: 'lokal', overrides: {} }, [
      root,
      repositoryFolder,
    ]);
    const text = files.ok ? '' : formatFileErrors(files.errors);
    expect(text).toMatch(
      /bad\.yaml:\d+:\d+ catalog\.archetypes: no such catalogue; found "smal"; allowed: .*did you mean small\?/,
    );
    expect(text).toMatch(/substrate "lokal": not found.*did you mean local\?/);
    expect(text).toMatch(/bad\.yaml:\d+:9 system: no such system; found "nowhere"; allowed: .*kube-scheduler/);
  });

  it('are refused at the override that named one which is not there', () => {
    const overrides = { 'catalog.archetypes': 'smal' };
    const files = loadCampaign({ profile: { name: 'dev-50' }, overrides }, [root, repositoryFolder]);
    expect(files.ok ? '' : formatFileErrors(files.errors)).toMatch(
      /^override "catalog\.archetypes" catalog\.archetypes: no such catalogue; found "smal"; .*did you mean small\?$/,
    );
  });

  it('place a refusal of the plan where it is of a field the profile has', () => {
    writeFileSync(join(root, 'profiles/dear.yaml'), profile('dear', 'budget: { usd: 1 }\n'));
    const files = loadCampaign({ profile: { name: 'dear' }, overrides: { 'scale.machines': 7 } }, [
      root,
      repositoryFolder,
    ]);
    const lines = ['budget.usd', 'scale.machines', 'deadlines.ramp', 'seed', 'gates.x.max'].map((field) =>
      files.ok ? files.refusal({ field, message: 'too much' }) : '',
    );
    expect(lines).toEqual([
      expect.stringMatching(/dear\.yaml:\d+:16 budget\.usd: too much$/),
      'override "scale.machines" scale.machines: too much; found 7 (number)',
      'dear: deadlines.ramp: too much',
      'dear: seed: too much',
      'dear: gates.x.max: too much',
    ]);
  });
});
