import { describe, expect, it } from 'vitest';
import { loadCampaign } from '../../../src/adapters/files/load-campaign.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { formatFileErrors, formatNotice } from '../../../src/core/files/file-error.ts';
import type { Overrides } from '../../../src/core/profile/overrides.ts';

function load(profile: string, overrides: Overrides): ReturnType<typeof loadCampaign> {
  return loadCampaign({ profile: { name: profile }, overrides }, [repositoryFolder]);
}

function errors(profile: string, overrides: Overrides): string {
  const files = load(profile, overrides);
  return files.ok ? 'it loads' : formatFileErrors(files.errors);
}

describe('a change of a profile that would make a verdict empty', () => {
  it('is refused where no gate of the system judges a bar of slo', () => {
    const text = errors('quickstart', { 'slo.endToEndPodBindP50Seconds': 10 });
    expect(text).toContain(
      'override "slo.endToEndPodBindP50Seconds" slo.endToEndPodBindP50Seconds: nothing judges it: system kube-scheduler has no gate for it; found 10 (number); allowed: no slo on this system (it holds bars of BigFleet)',
    );
    expect(errors('dev-50', { system: 'kube-scheduler' })).toContain('dev-50.yaml:');
  });

  it('is refused where a gate gets an expression that no measurement changes', () => {
    expect(errors('quickstart', { 'gates.podBindP99.query': 'vector(0)' })).toContain(
      'gates.podBindP99.query: no selector: it is always 0; found "vector(0)" (string)',
    );
    expect(errors('quickstart', { gates: { own: { query: 'vector(1) or up', min: 1 } } })).toContain(
      'gates.own.query: no selector decides the value: it is always 1',
    );
  });

  it('is reported where it sets what the system does not use', () => {
    const files = load('quickstart', { 'seed.spotCount': 3, 'seed.configuredFraction': 1 });
    expect(files.ok && files.notices.map(formatNotice)).toEqual([
      'override "seed.spotCount" seed.spotCount: has no effect: system kube-scheduler has no such machines',
    ]);
  });
});
