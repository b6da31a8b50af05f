import { expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { withBelay } from './belay-cli.ts';
import { gateRow, momentOf, recordOf } from './campaign-record.ts';
import { addProfile, BROKEN_GATE } from './small-profile.ts';

const GATE_INTERVAL_MS = 2_000;

test('a gate that cannot hold fails at its first check; one that cannot be measured is not green', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'broken', soakSeconds: 60, gates: { noPods: BROKEN_GATE } });
    const query = BROKEN_GATE.query.replace('bound', 'bond');
    addProfile(belay, { name: 'misspelt', gates: { podsHere: { ...BROKEN_GATE, query, max: 1_000 } } });
    const [broken, misspelt] = await Promise.all([
      belay.run(['run', 'broken', '--id', 'broken-1']),
      belay.run(['run', 'misspelt', '--id', 'misspelt-1']),
    ]);

    expect(broken.exitCode, broken.stderr).toBe(1);
    expect(broken.stdout).toMatch(/verdict {2}FAIL/);
    expect(gateRow(broken.stdout, 'noPods')).toMatch(/36 Pods.*<= 0 Pods.*fail/);
    const red = recordOf(belay, 'broken-1');
    // Nobody is at a terminal: it does not wait for an answer.
    expect(red.spec.holdMs).toBe(0);
    const measured = red.readings.filter(({ gate, reading }) => gate === 'noPods' && reading.quality === 'measured');
    const firstMs = Math.min(...measured.map(({ reading }) => reading.atMs));
    const endedMs = momentOf(red.timeline, { stage: 'soak', what: 'failed' });
    expect(endedMs - firstMs).toBeLessThanOrEqual(GATE_INTERVAL_MS);
    expect(red.summary).toMatchObject({ verdict: 'fail', passed: false, ending: 'completed' });
    expect(red.summary.breaches.map(({ gate, execution }) => ({ gate, execution }))).toEqual([
      { gate: 'noPods', execution: 1 },
    ]);
    expect(red.summary.reasons[0]).toContain('noPods');
    expect(await manifestProblems(red.folder)).toEqual([]);

    expect(misspelt.exitCode, misspelt.stderr).toBe(2);
    expect(misspelt.stdout).toMatch(/verdict {2}UNMEASURED/);
    expect(gateRow(misspelt.stdout, 'podsHere')).toMatch(/unmeasured.*unmeasured/);
    const unmeasured = recordOf(belay, 'misspelt-1');
    expect(unmeasured.summary).toMatchObject({ verdict: 'unmeasured', passed: false, unmeasuredSLOs: ['podsHere'] });
    expect(unmeasured.summary.metrics['podsHere']).toBe(-1);
    expect(unmeasured.summary.reasons.join('\n')).toMatch(/podsHere.*no series|podsHere/);
  });
});
