/** A check of the source: its name, its program in node_modules, and the arguments of that program. */
interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** The checks that `./belay test` runs before the tests. Each runs in the repository and fails with an exit code. */
export const CHECKS: readonly Check[] = [
  { name: 'types', program: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'lint', program: '.bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', program: '.bin/prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'structure', program: '.bin/depcruise', args: ['src', 'test', 'bench', 'docs', 'schemas', 'tools'] },
  { name: 'unused', program: '.bin/knip', args: [] },
];
