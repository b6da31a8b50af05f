import { readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { GIT_QUESTION_MS } from '../../core/plan/limits.ts';
import type { CodeIdentity } from '../../core/identity/identity-schema.ts';
import { contentHash } from './content-hash.ts';

/** What makes Belay behave as it does: its source, and the lockfile that pins its packages. */
const COVERED = ['src', 'package-lock.json'];

/**
 * The code of a checkout as it is now. Commit and `dirty` are null without git, and for a copy inside another repository.
 * @throws Error when the source cannot be read
 */
export async function codeIdentity(checkout: string): Promise<CodeIdentity> {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { readonly version: string };
  const contentSha256 = contentHash(checkout, COVERED);
  const [top, commit] = (await git(checkout, ['rev-parse', '--show-toplevel', 'HEAD']))?.split('\n') ?? [];
  if (top === undefined || commit === undefined || top !== (await realpath(checkout))) {
    return { version, contentSha256, commit: null, dirty: null };
  }
  const changes = await git(checkout, ['status', '--porcelain', '--', ...COVERED]);
  return { version, contentSha256, commit, dirty: changes === undefined ? null : changes !== '' };
}

/** The answer of git; undefined when there is none. It takes no lock, so it disturbs no other git. */
async function git(checkout: string, args: readonly string[]): Promise<string | undefined> {
  const answer = await execa('git', ['--no-optional-locks', '-C', checkout, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: GIT_QUESTION_MS,
  });
  return answer.exitCode === 0 ? answer.stdout : undefined;
}
