import { describe, expect, test } from 'vitest';
import { executionSummary, specSummary, stageSummary } from '../../../src/core/campaign/stage-summary.ts';
import { STAGES, type Stage } from '../../../src/core/model/stages.ts';
import type { CampaignSpec } from '../../../src/core/plan/spec.ts';
import { aGate, aSpec } from '../../workflows/make-spec.ts';
import { aPlan, aProfile, aSubstrate } from '../plan/make.ts';

describe("the summary of a stage's activity", () => {
  test.for<[Stage, string, Partial<CampaignSpec>]>([
    ['provision', '2 local clusters and a Prometheus', {}],
    [
      'provision',
      '1 borrowed cluster and a Prometheus',
      { substrate: aSubstrate({ type: 'kubeconfig' }), plan: aPlan({ clusterCount: 1 }) },
    ],
    ['install', 'system kube-scheduler', {}],
    ['seed', 'Nodes for 5000 Pods', {}],
    ['seed', 'no Nodes: karpenter makes them', { capacityFromSystem: true, system: { name: 'karpenter', sha256: '' } }],
    ['ramp', '5000 Pods over 60 s', {}],
    ['steady', 'until 5000 Pods settle, at most 900 s', {}],
    ['soak', '60 s, 1 gate', {}],
    [
      'soak',
      '60 s, 2 gates, fail-node at 8 s',
      {
        gates: [aGate(), aGate({ name: 'b' }), aGate({ name: 'c', barKind: 'informational' })],
        profile: aProfile({ runnerActions: [{ atSeconds: 8, action: 'fail-node' }] }),
      },
    ],
    ['judge', 'verdict on 1 gate', {}],
    ['teardown', '2 local clusters and what was made', {}],
    ['teardown', 'what was made in 2 borrowed clusters', { substrate: aSubstrate({ type: 'kubeconfig' }) }],
  ])('%s: %s', ([stage, said, change]) => {
    expect(stageSummary(aSpec(change), stage)).toBe(said);
  });

  test('of a specification says which it is', () => {
    expect(specSummary(aSpec())).toBe('5000 Pods, 1 gate; specification first-hash-o, random seed 1');
  });

  test('names a later execution', () => {
    expect(executionSummary(stageSummary(aSpec(), 'ramp'), 3)).toBe('execution 3: 5000 Pods over 60 s');
  });

  test('has at most 200 bytes, whatever names are like', () => {
    const runnerActions = Array.from({ length: 50 }, (_, i) => ({ atSeconds: i, action: `kill-ü-${i}` }));
    const spec = aSpec({
      system: { name: 'ü'.repeat(150), sha256: '' },
      capacityFromSystem: true,
      profile: aProfile({ runnerActions }),
    });
    for (const stage of STAGES) {
      const bytes = new TextEncoder().encode(executionSummary(stageSummary(spec, stage), 2)).length;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(200);
    }
  });
});
