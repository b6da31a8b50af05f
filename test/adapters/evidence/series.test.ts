import { describe, expect, it } from 'vitest';
import {
  curveFile,
  curveQuery,
  curveStepMs,
  gateCurves,
  growthOf,
  OWN_CURVES,
} from '../../../src/adapters/evidence/series.ts';
import { showHost } from '../../../src/adapters/prometheus/host-metrics.ts';
import { registry } from '../../../src/adapters/prometheus/own-metrics.ts';
import { selectorsOf } from '../../../src/core/promql/needs.ts';
import { gateOf } from './fixture.ts';

const fill = (soakMs: number): string =>
  curveQuery('rate(a{c="$campaign"}[$window])', { soakMs, scrapeIntervalMs: 1_000, campaign: 'c', execution: 1 });

describe('curves', () => {
  it.each([
    [30_000, '5s'],
    [120_000, '20s'],
    [3_600_000, '60s'],
    [0, '5s'],
  ])('of a soak of %d ms slide a window of %s', (soakMs, window) => {
    expect(fill(soakMs)).toBe(`rate(a{c="c"}[${window}])`);
  });

  it('have at most 600 points, and none finer than the scrapes', () => {
    expect(curveStepMs(0, 30_000, 1_000)).toBe(1_000);
    expect(curveStepMs(0, 18_000_000, 5_000)).toBe(30_000);
  });

  it('show a ratio as its quotient and a delta as growth', () => {
    const ratio = gateOf('r', { source: { kind: 'ratio', numerator: 'a', denominator: 'b + c' } });
    const delta = gateOf('d', { source: { kind: 'delta', counter: 'sum(a)' } });
    const trend = gateOf('t', { source: { kind: 'trend', of: 'r', over: 20 } });
    expect(gateCurves([ratio, delta, trend])).toMatchObject([
      { queries: [{ promql: '(a) / (b + c)' }], growth: false },
      { growth: true },
    ]);
    expect(
      growthOf({
        labels: {},
        points: [
          [1, 7],
          [2, 9],
        ],
      }).points,
    ).toEqual([
      [1, 0],
      [2, 2],
    ]);
  });

  it("of Belay's own show one campaign, by a label that the metric has, or the host of its worker", async () => {
    showHost({ atMs: 1, forMs: 1, cpuUsedShare: 0.5, memoryAvailableBytes: 1, swapUsedBytes: 0 });
    const hostMetrics = await registry.metrics();
    const metrics = new Map(registry.getMetricsAsArray().map((metric) => [metric.name, metric]));
    for (const { promql } of OWN_CURVES.flatMap(({ queries }) => queries)) {
      const filled = curveQuery(promql, { soakMs: 0, scrapeIntervalMs: 1_000, campaign: 'c', execution: 1 });
      for (const { text, name } of selectorsOf(filled)) {
        const isOfHost = name?.startsWith('belay_host_') === true;
        expect(text).toBe(isOfHost ? `${name}{job="belay-worker"}` : `${name}{campaign="c"}`);
        if (isOfHost) expect(hostMetrics).toContain(`# TYPE ${name} gauge`);
        else
          expect(metrics.get(name?.replace(/_bucket$/, '') ?? '')).toMatchObject({
            labelNames: expect.arrayContaining(['campaign']) as unknown,
          });
      }
    }
  });

  it('go into files that stay in their folder', () => {
    expect(curveFile('../../etc/passwd')).toBe('______etc_passwd.json');
  });

  it("of Belay's own go into files that no gate has, whatever it is called", () => {
    for (const { name, file } of OWN_CURVES) {
      for (const gate of [name, file, name.replace('load.', '')]) expect(curveFile(gate)).not.toBe(file);
    }
  });
});
