import { expect, test } from 'vitest';
import { withBelay } from './belay-cli.ts';
import { gateRow, recordOf } from './campaign-record.ts';
import { smallProfile } from './small-profile.ts';

const PODS = 24;
/** Pods that come in the soak. The machines of the others have no room for all of them. */
const MORE_PODS = 24;

test('a campaign on machines that Karpenter makes passes, and nothing of Karpenter is left', async () => {
  await withBelay(async (belay) => {
    // The catalogue is the one that karpenter-50 has.
    const text = smallProfile({
      name: 'small-karpenter',
      system: 'karpenter',
      machines: 6,
      density: 4,
      deadlines: { podReady: '3m' },
      more: {
        catalog: { archetypes: 'sizes' },
        loadProfile: {
          rampSeconds: 5,
          soakSeconds: 20,
          churnPerMinute: 1,
          bursts: [{ atSeconds: 1, archetype: 'compute', extraTarget: MORE_PODS }],
        },
      },
    });
    belay.write('files/profiles/small-karpenter.yaml', text);
    const { exitCode, stdout, stderr } = await belay.run(['run', 'small-karpenter', '--id', 'small-karpenter']);
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/verdict {2}PASS/);
    for (const gate of ['nodeclaims-launched', 'nodeclaims-registered', 'nodeclaims-initialized'])
      expect(gateRow(stdout, gate)).toMatch(/│ +1 .*measured.*pass/);
    expect(gateRow(stdout, 'pod-startup-p99')).toMatch(/measured.*pass/);
    const { summary, spec } = recordOf(belay, 'small-karpenter');
    expect(spec.capacityFromSystem).toBe(true);
    // Belay made no machine, and all Pods have one.
    expect(summary.identity).toMatchObject({ system: { manifestsSha256: expect.any(String) as string }, unknown: [] });
    expect(summary.identity?.tools.map(({ name }) => name)).toContain('karpenter');
    expect(summary.facts['seed']).toMatchObject({ nodes: 0 });
    expect(summary.facts['soak']).toMatchObject({ podsBound: PODS + MORE_PODS, podsPresent: PODS + MORE_PODS });
  });
});
