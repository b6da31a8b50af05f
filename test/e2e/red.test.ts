import { expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { withBelay } from './belay-cli.ts';
import { gateRow, recordOf } from './campaign-record.ts';
import { addProfile, BROKEN_GATE } from './small-profile.ts';

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
    expect(gateRow(broken.stdout, 'noPods')).toMatch(/36 Pods.*≤ 0 Pods.*fail/);
    const red = recordOf(belay, 'broken-1');
    // Without a terminal there is no hold.
    expect(red.spec.holdMs).toBe(0);
    // The check that measured the gate first is the last one. All gates are read for its moment.
    const firstMs =
      red.readings.find(({ gate, reading }) => gate === 'noPods' && reading.quality === 'measured')?.reading.atMs ?? 0;
    const checkedLater = red.readings.filter(({ moment, reading }) => moment === 'check' && reading.atMs > firstMs);
    expect(checkedLater).toEqual([]);
    const atTheEnd = red.readings.filter(({ moment }) => moment === 'end');
    for (const { reading } of atTheEnd) expect(reading.windowEndMs).toBe(firstMs);
    expect(atTheEnd.map(({ gate }) => gate).toSorted()).toEqual(red.spec.gates.map(({ name }) => name).toSorted());
    expect(red.timeline.filter(({ stage, what }) => stage === 'soak' && what === 'failed')).toHaveLength(1);
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
    // A busy host is a reason of its own, and comes first.
    expect(unmeasured.summary.reasons.at(-1)).toMatch(
      /^podsHere is unmeasured \(no-series\): no series belay_pods_bond\{.*\} was seen in this campaign/,
    );
  });
});
