import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { canWrite, isFolderForFiles } from './can-write.ts';
import { stateFolder } from './folders.ts';

/** Environment variable that says what a process was started for. What it starts itself does not get it. */
export const MARK_VARIABLE = 'BELAY_STARTED_FOR';

/**
 * Repairs what this process and its children need of the environment, so that Belay works in a shell, a container or a service
 * whatever it sets: a home that is missing or relative is the account's, else one in the state folder; a folder for temporary files that
 * cannot be used is `/tmp`, else one in the state folder; Go gets caches elsewhere where the home is read-only. gRPC prints nothing:
 * what goes wrong is thrown as well. What this process was started for is no matter of its children.
 */
export function tidyEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  environment['GRPC_VERBOSITY'] ??= 'NONE';
  delete environment[MARK_VARIABLE];
  const home = environment['HOME'] ?? '';
  if (!isAbsolute(home)) environment['HOME'] = homeOfAccount() ?? made('home');
  tidyGoCaches(environment, environment['HOME'] ?? home);
  const temporary = environment['TMPDIR'] ?? '';
  if (temporary !== '' && isFolderForFiles(temporary)) return;
  if (isFolderForFiles('/tmp')) delete environment['TMPDIR'];
  else environment['TMPDIR'] = made('tmp');
}

function tidyGoCaches(environment: NodeJS.ProcessEnv, home: string): void {
  if (canWrite(join(home, '.cache'))) return;
  if (!environment['GOCACHE'] && !environment['XDG_CACHE_HOME'])
    environment['GOCACHE'] = join(stateFolder(), 'go', 'build');
  const modules = join(home, 'go', 'pkg', 'mod');
  if (!environment['GOMODCACHE'] && !environment['GOPATH'] && !existsSync(modules))
    environment['GOPATH'] = join(stateFolder(), 'go');
}

function homeOfAccount(): string | undefined {
  try {
    const { homedir: home } = userInfo();
    return isAbsolute(home) && existsSync(home) ? home : undefined;
  } catch {
    // The account of a container may have no entry.
    return undefined;
  }
}

function made(name: string): string {
  const folder = join(stateFolder(), name);
  makeFolder(folder);
  return folder;
}
