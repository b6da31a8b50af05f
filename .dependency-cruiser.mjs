// The structure of src/: which folder may import which. Type imports count like any other import.
// `npm run structure` applies these rules; `./belay test` does too.

/** The folders of src/core in their order. A folder may import its own row and the rows above it. */
const CORE_ROWS = [
  ['text', 'files', 'promql', 'kubeconfig', 'statistics'],
  ['model'],
  ['profile', 'gates', 'faults', 'identity'],
  ['plan'],
  ['campaign'],
  ['verdict', 'conversion'],
  ['history'],
];

/** The registries through which the rest of src reaches src/core/bigfleet. */
const REGISTRIES = [
  '^src/core/profile/(formats|extensions)\\.ts$',
  '^src/core/verdict/foreign-rules-registry\\.ts$',
  '^src/core/conversion/registry\\.ts$',
];

/** The npm packages that src/core may use: parsers and schemas, no I/O. */
const CORE_PACKAGES = [
  '@lezer/common',
  '@lezer/lr',
  '@prometheus-io/lezer-promql',
  're2js',
  'simple-statistics',
  'yaml',
  'zod',
];

const inNodeModules = (packages) => `(^|/)node_modules/(${packages.join('|')})/`;

const coreRows = CORE_ROWS.slice(0, -1).map((row, index) => ({
  name: `core-${row.join('-')}-import-nothing-later`,
  comment:
    'Inside src/core: text, files, promql, kubeconfig, statistics < model < profile, gates, faults, identity < plan < campaign < verdict < history.',
  from: { path: `^src/core/(${row.join('|')})/` },
  to: {
    path: `^src/core/(${CORE_ROWS.slice(index + 1)
      .flat()
      .join('|')})/`,
  },
}));

const rules = [
  { name: 'no-cycle', from: {}, to: { circular: true } },
  { name: 'no-folder-cycle', scope: 'folder', from: { path: '^src' }, to: { circular: true } },
  {
    name: 'core-folders-are-known',
    comment: 'A new folder of src/core gets its position in CORE_ROWS.',
    from: {},
    to: { path: '^src/core/', pathNot: `^src/core/(${[...CORE_ROWS.flat(), 'bigfleet'].join('|')})/` },
  },
  { name: 'imports-resolve', from: {}, to: { couldNotResolve: true } },
  {
    name: 'core-imports-core',
    comment: 'core is pure: no I/O, no clock, no randomness, no Temporal.',
    from: { path: '^src/core/' },
    to: { pathNot: ['^src/core/', inNodeModules(CORE_PACKAGES)] },
  },
  ...coreRows,
  {
    name: 'core-statistics-imports-text',
    comment: 'Methods of statistics know numbers only.',
    from: { path: '^src/core/statistics/' },
    to: { path: '^src/', pathNot: '^src/core/(statistics|text)/' },
  },
  {
    name: 'bigfleet-imports-no-campaign',
    comment: 'bigfleet describes files and systems. It knows nothing about campaigns and verdicts.',
    from: { path: '^src/core/bigfleet/' },
    to: { path: '^src/core/(campaign|verdict|history)/' },
  },
  {
    name: 'bigfleet-through-registries',
    comment: 'Only a registry imports src/core/bigfleet.',
    from: { path: '^src/', pathNot: ['^src/core/bigfleet/', ...REGISTRIES] },
    to: { path: '^src/core/bigfleet/' },
  },
  {
    name: 'adapters-import-core',
    from: { path: '^src/adapters/' },
    to: { path: '^src/', pathNot: '^src/(adapters|core)/' },
  },
  {
    name: 'activities-import-adapters-and-core',
    from: { path: '^src/activities/' },
    to: { path: '^src/', pathNot: '^src/(activities|adapters|core)/' },
  },
  {
    name: 'workflows-import-core',
    comment: 'Workflows import core, @temporalio/workflow and types of activities.',
    from: { path: '^src/workflows/' },
    to: {
      pathNot: ['^src/(workflows|core|activities)/', inNodeModules(['@temporalio/workflow', '@temporalio/common'])],
    },
  },
  {
    name: 'workflows-import-types-of-activities',
    from: { path: '^src/workflows/' },
    to: { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'cli-imports-no-activities',
    from: { path: '^src/cli/' },
    to: { path: '^src/activities/' },
  },
  {
    name: 'cli-and-worker-are-imported-by-the-entry-only',
    comment: 'The command line and the worker process are outermost.',
    from: { path: '^src/', pathNot: '^src/(cli/|worker/|worker\\.ts$)' },
    to: { path: '^src/(cli/|worker/|worker\\.ts$)' },
  },
  {
    name: 'src-imports-no-tests',
    from: { path: '^src/' },
    to: { path: '^(test|bench|docs|schemas|tools)/' },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: rules.map((rule) => ({ ...rule, severity: 'error' })),
  options: {
    // TypeScript 7 has no API that dependency-cruiser can use. @swc/core comes with @temporalio/worker; it reads type imports too.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
};
