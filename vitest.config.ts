import { defineConfig } from 'vitest/config';

const FILES_AT_A_TIME = 2;
const QUIET = [
  'test/drills/**/*.test.ts',
  'test/e2e/{bigfleet-standin,clusters,hold,hosts,karpenter,ladder,ui}.test.ts',
];

// Minutes of campaigns, and a program that has to be built: only with BELAY_TEST_ALL=1, as `belay drill` sets it.
const LONG = ['test/drills/{alert-rules,budget,compared,lent-cluster}.test.ts'];

// Four projects, in order of cost: `unit` needs nothing, `parts` starts single real parts (one apiserver, one Prometheus), `campaigns` runs
// whole campaigns, `quiet` runs those that judge latencies, have several clusters or a browser, or take parts of the stack away. A part and
// a small campaign wait more than they calculate, so two files run at a time; `quiet` runs one. The projects run one after another.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/{core,cases,activities,docs,structure,worker}/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'parts',
          sequence: { groupOrder: 1 },
          include: ['test/{adapters,workflows,cli}/**/*.test.ts'],
          maxWorkers: FILES_AT_A_TIME,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'campaigns',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/**/*.test.ts'],
          exclude: QUIET,
          maxWorkers: FILES_AT_A_TIME,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'quiet',
          sequence: { groupOrder: 3 },
          include: QUIET,
          exclude: process.env['BELAY_TEST_ALL'] === '1' ? [] : LONG,
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
