import { spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { CREDENTIALS_REFUSED_MS, EXEC_OUTPUT_BYTES, EXEC_OUTPUT_MS, EXEC_PLUGIN_MS } from '../../core/plan/limits.ts';
import {
  execInfo,
  parseExecCredential,
  type ExecCredential,
  type ExecPlugin,
} from '../../core/kubeconfig/exec-plugin.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** How a program is run. */
export interface ExecOptions {
  readonly limitMs: number;
  /** The program may ask at the terminal of this process. */
  readonly terminal: boolean;
  /** Stops the program. */
  readonly signal?: AbortSignal | undefined;
}

/** The logins of this process: as many clients as use the same program in the same way share its answer, as in kubectl. */
const logins = new Map<string, ExecLogin>();

/** The login by a program. @param ca certificates of the cluster, for a program that asks for them */
export function execLogin(plugin: ExecPlugin, ca: string): ExecLogin {
  const key = JSON.stringify([plugin, ca]);
  const known = logins.get(key);
  if (known !== undefined) return known;
  const login = new ExecLogin(plugin, ca);
  logins.set(key, login);
  return login;
}

/** A login by a program: it is run when its credentials have expired, or the server refuses them. */
class ExecLogin {
  readonly #plugin: ExecPlugin;
  readonly #ca: string;
  #current: ExecCredential | undefined;
  #expiresAtMs = 0;
  #askedAtMs = 0;
  #running: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, ca: string) {
    this.#plugin = plugin;
    this.#ca = ca;
  }

  /** Its credentials as they are now. @throws Error naming the program and what went wrong */
  async current(options: Partial<ExecOptions> = {}): Promise<ExecCredential> {
    if (this.#current !== undefined && Date.now() < this.#expiresAtMs) return this.#current;
    return await this.#ask(options);
  }

  /** Has the program asked again because the server refuses what it gave. Once in a while: the reason may be another one. */
  async refused(credential: ExecCredential): Promise<void> {
    if (this.#current !== credential || Date.now() - this.#askedAtMs < CREDENTIALS_REFUSED_MS) return;
    await this.#ask({});
  }

  #ask({ limitMs = EXEC_PLUGIN_MS, terminal = false, signal }: Partial<ExecOptions>): Promise<ExecCredential> {
    this.#running ??= runPlugin(this.#plugin, this.#ca, { limitMs, terminal, signal })
      .then((credential) => {
        this.#current = credential;
        this.#expiresAtMs = credential.expiresAtMs ?? endOf(credential);
        return credential;
      })
      .finally(() => {
        this.#askedAtMs = Date.now();
        this.#running = undefined;
      });
    return this.#running;
  }
}

/** A certificate ends by itself; a token without a time is used until it is refused. */
function endOf({ certificate }: ExecCredential): number {
  if (certificate === undefined) return Infinity;
  try {
    return new X509Certificate(certificate.cert).validToDate.getTime();
  } catch {
    return Infinity;
  }
}

/**
 * Runs a program that gets credentials, as kubectl runs it, for as long as the limit allows.
 * @throws Error naming the program, with the end of what it printed as its error
 */
export async function runPlugin(plugin: ExecPlugin, ca: string, options: ExecOptions): Promise<ExecCredential> {
  const named = `exec plugin ${plugin.command}`;
  const { stdout, failure } = await output(plugin, ca, options);
  if (failure !== undefined) throw new Error(`${named}: ${failure}`);
  try {
    return parseExecCredential(stdout, plugin.apiVersion);
  } catch (cause) {
    throw new Error(`${named}: ${messageOf(cause)}`, { cause });
  }
}

function output(
  plugin: ExecPlugin,
  ca: string,
  { limitMs, terminal, signal }: ExecOptions,
): Promise<{ readonly stdout: string; readonly failure: string | undefined }> {
  const { command, args, env, shell, installHint } = plugin;
  const interactive = terminal && plugin.interactive;
  const info = { KUBERNETES_EXEC_INFO: execInfo(plugin, ca, interactive) };
  const missing = `there is no such program${installHint === '' ? '' : `; ${installHint}`}`;
  const program = programOf(command, (shell?.env ?? process.env)['PATH']);
  if (program === undefined) return Promise.resolve({ stdout: '', failure: missing });
  return new Promise((done) => {
    let child: ChildProcess;
    try {
      child = spawn(program, [...args], {
        argv0: command,
        env: { ...(shell?.env ?? process.env), ...env, ...info },
        ...(shell === undefined ? {} : { cwd: shell.folder }),
        stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
        // A group of its own, so that what it started ends with it. At a terminal it has to stay in the foreground.
        detached: !interactive,
      });
    } catch (cause) {
      // E.g. a name with a zero byte.
      return done({ stdout: '', failure: messageOf(cause) });
    }
    const out = new Kept();
    const err = new Kept();
    child.stdout?.on('data', (chunk: Buffer) => out.take(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      err.take(chunk);
      if (interactive) process.stderr.write(chunk);
    });
    let ended = false;
    const end = (failure?: string): void => {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      signal?.removeEventListener('abort', stop);
      child.stdout?.destroy();
      child.stderr?.destroy();
      done({ stdout: out.text(), failure });
    };
    const late = setTimeout(() => {
      kill(child.pid, !interactive);
      end(`it did not end within ${limitMs / 1_000} s and was stopped${said(err.text())}`);
    }, limitMs);
    const stop = (): void => {
      kill(child.pid, !interactive);
      end('it was stopped');
    };
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    child.on('error', (cause: NodeJS.ErrnoException) => {
      end(cause.code === 'ENOENT' ? missing : `${cause.message}${installHint === '' ? '' : `; ${installHint}`}`);
    });
    const ending = (code: number | null, signal: string | null): void => {
      if (code === 0) end(out.full ? `it printed more than ${EXEC_OUTPUT_BYTES} bytes` : undefined);
      else end(`it ended with ${code === null ? String(signal) : `exit code ${code}`}${said(err.text())}`);
    };
    child.on('close', ending);
    // What it started may keep its output open after its own end.
    child.on('exit', (code, signal) => setTimeout(() => ending(code, signal), EXEC_OUTPUT_MS).unref());
  });
}

/**
 * The file of a program, looked up where the shell looks for it, as kubectl does: the variables that its kubeconfig sets are for the program.
 * Undefined where there is none. From a folder that is relative nothing is run.
 */
function programOf(command: string, path = ''): string | undefined {
  if (/[/\0]/.test(command)) return command;
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, command)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function kill(pid: number | undefined, group: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, 'SIGKILL');
  } catch {
    // It has ended in this moment.
  }
}

/** The end of what a program printed as its error: its last lines, in one. */
function said(stderr: string): string {
  const lines = stderr
    .trim()
    .split(/\s*\n\s*/)
    .slice(-3)
    .join(' / ')
    .slice(-400);
  return lines === '' ? '' : `: ${lines}`;
}

/** Output of a program, up to a limit. */
class Kept {
  full = false;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.full ||= this.#bytes > EXEC_OUTPUT_BYTES;
    if (!this.full) this.#chunks.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
