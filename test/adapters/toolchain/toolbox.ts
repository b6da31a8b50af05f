import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { TOOL_NAMES, toolVariable } from '../../../src/adapters/toolchain/tools.ts';

/** A cache and a PATH of a test's own. */
export interface Toolbox {
  readonly folder: string;
  /** The only folder on PATH besides the system's shells. */
  readonly bin: string;
  /** Writes an executable shell script. */
  readonly script: (path: string, text: string) => string;
}

/** Gives each test an empty cache, no tools by variable or on PATH, and no way out to releases. */
export function freshToolbox(): Toolbox {
  const box = { folder: '', bin: '', script };
  beforeEach(() => {
    box.folder = mkdtempSync(join(tmpdir(), 'belay-tools-'));
    box.bin = join(box.folder, 'bin');
    mkdirSync(box.bin);
    vi.stubEnv('BELAY_CACHE', join(box.folder, 'cache'));
    vi.stubEnv('BELAY_RELEASES_URL', 'off');
    vi.stubEnv('PATH', [box.bin, '/usr/bin', '/bin'].join(delimiter));
    for (const name of TOOL_NAMES) vi.stubEnv(toolVariable(name), '');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(box.folder, { recursive: true, force: true });
  });
  return box;
}

function script(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/**
 * A `go` that answers as the real one does and "builds" a script which prints `version`; what it was asked is in `<bin>/go.log`.
 * `build` replaces what `go build` does, with the file to write in $out.
 */
export function standInGo(
  box: Toolbox,
  build = 'printf "#!/bin/sh\\necho built\\n" >"$out"',
  goVersion = 'go1.99.0',
): void {
  box.script(
    join(box.bin, 'go'),
    `here=$(dirname "$0")
echo "$* CGO=$CGO_ENABLED GOFLAGS=$GOFLAGS GOOS=$GOOS" >>"$here/go.log"
case "$*" in
  'env GOVERSION GOTOOLCHAIN') printf '${goVersion}\\nlocal\\n' ;;
  'env GOCACHE GOMODCACHE') printf '%s\\n%s\\n' "$here/gocache" "$here/gomod" ;;
  list\\ -m*) echo "$here/module" ;;
  list*)
    echo 'go: downloading example.com/one v1.0.0' >&2
    printf 'example.com/one\\nexample.com/two\\n' ;;
  build*)
    while [ "$1" != -o ]; do shift; done
    out=$2
    echo example.com/one >&2
    ${build} ;;
  *) exit 2 ;;
esac`,
  );
}
