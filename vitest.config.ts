import { defineConfig } from 'vitest/config';

// Three projects, in order of cost: `unit` needs nothing, `parts` starts single real parts (one apiserver, one Prometheus),
// `campaigns` runs whole campaigns. The last two use the machine's cores fully, so their files run one after another.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{core,cases,activities,worker}/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'parts',
          include: ['test/{adapters,workflows,cli}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'campaigns',
          include: ['test/{e2e,drills}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
