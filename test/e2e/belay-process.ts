import { execa } from 'execa';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

/** What a command of Belay wrote, and how it left. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of Belay that runs. */
export interface BelayProcess {
  readonly pid: number;
  /** What it has written so far, both streams as they came. */
  output(): string;
  /** Waits until the output matches. @throws Error with the output when it ends without it, or `limitMs` pass */
  line(pattern: RegExp, limitMs?: number): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** Waits for its end. @throws Error with the output when it does not end within `limitMs` */
  ended(limitMs?: number): Promise<Ended>;
}

/** Longer than any one campaign of the tests: reached only by one that hangs. */
const LIMIT_MS = 300_000;
const POLL_MS = 50;

/**
 * Starts the command line as a person would, with an environment of its own and an empty input.
 * @param through a program with arguments that starts it, e.g. in a network namespace
 */
export function startBelay(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  through: readonly string[] = [],
): BelayProcess {
  const [file = '', ...all] = [...through, process.execPath, join(repositoryFolder, 'src', 'cli', 'main.ts'), ...args];
  const child = execa(file, all, {
    cwd: repositoryFolder,
    env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    // A background process that inherited an output would keep the command from counting as ended.
    buffer: false,
  });
  let stdout = '';
  let stderr = '';
  let both = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    both += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    both += text;
  });
  const told = (what: string): Error => new Error(`belay ${args.join(' ')}: ${what}. It wrote:\n${both.slice(-8_000)}`);
  const end = (async (): Promise<Ended> => {
    const { exitCode, signal } = await child;
    return {
      exitCode: exitCode ?? -1,
      stdout,
      stderr: signal === undefined ? stderr : `${stderr}\n(ended by ${signal})`,
    };
  })();
  const state = { over: false };
  void end.then(() => (state.over = true));
  return {
    pid: child.pid ?? 0,
    output: () => both,
    async line(pattern, limitMs = LIMIT_MS) {
      for (const untilMs = Date.now() + limitMs; ;) {
        const { over } = state;
        const found = pattern.exec(both);
        if (found !== null) return found;
        if (over) throw told(`ended with code ${(await end).exitCode} without ${String(pattern)}`);
        if (Date.now() > untilMs) throw told(`no ${String(pattern)} within ${limitMs / 1_000} s`);
        await sleep(POLL_MS);
      }
    },
    signal: (name) => {
      child.kill(name);
    },
    async ended(limitMs = LIMIT_MS) {
      const inTime = new AbortController();
      const late = sleep(limitMs, undefined, { signal: inTime.signal }).then(() => {
        throw told(`did not end within ${limitMs / 1_000} s`);
      });
      // Its abort is the good case.
      late.catch(() => undefined);
      try {
        return await Promise.race([end, late]);
      } finally {
        inTime.abort();
      }
    },
  };
}
