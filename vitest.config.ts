import { defineConfig } from 'vitest/config';

// Three projects, in order of cost: `unit` needs nothing, `parts` starts single real parts (one apiserver, one Prometheus),
// `campaigns` runs whole campaigns. The last two use the machine's cores fully, so their files run one after another, and the projects too.
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
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'campaigns',
          sequence: { groupOrder: 2 },
          include: ['test/{e2e,drills}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
