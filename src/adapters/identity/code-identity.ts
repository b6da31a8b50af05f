import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { GIT_QUESTION_MS } from '../../core/plan/limits.ts';
import type { CodeIdentity } from '../../core/identity/identity-schema.ts';
import { contentHash } from './content-hash.ts';

/** What makes Belay behave as it does: its source, and the lockfile that pins its packages. */
const COVERED = ['src', 'package-lock.json'];

/**
 * The code of a checkout as it is now. Commit and `dirty` are null without git, and for a copy inside another repository.
 * @throws Error when the source cannot be read
 */
export function codeIdentity(checkout: string): CodeIdentity {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { readonly version: string };
  const contentSha256 = contentHash(checkout, COVERED);
  const [top, commit] = git(checkout, ['rev-parse', '--show-toplevel', 'HEAD'])?.split('\n') ?? [];
  if (top === undefined || commit === undefined || top !== realpathSync(checkout)) {
    return { version, contentSha256, commit: null, dirty: null };
  }
  const changes = git(checkout, ['status', '--porcelain', '--', ...COVERED]);
  return { version, contentSha256, commit, dirty: changes === undefined ? null : changes !== '' };
}

/** The answer of git; undefined when there is none. It takes no lock, so it disturbs no other git. */
function git(checkout: string, args: readonly string[]): string | undefined {
  const answer = execaSync('git', ['--no-optional-locks', '-C', checkout, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: GIT_QUESTION_MS,
  });
  return answer.exitCode === 0 ? answer.stdout : undefined;
}
