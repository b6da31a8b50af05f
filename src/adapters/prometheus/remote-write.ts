import { isAbsolute } from 'node:path';
import { Agent, request } from 'undici';
import {
  AGENT_BACKOFF_MS,
  AGENT_SEND_MS,
  AGENT_WRITE_MS,
  CREDENTIAL_BYTES,
  PROMETHEUS_ANSWER_BYTES,
} from '../../core/plan/limits.ts';

import { controlCharacterIn } from '../../core/text/control-character.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { limitedText, readLimitedFile } from '../host/limited-text.ts';

/*
 * The gates of this host's campaigns in the Prometheus of its owner. Only the environment of the host can set it: who can start a
 * workflow must not be able to make a worker send requests. Secrets are in files that Prometheus reads, so that none is in a
 * configuration, a log or a history.
 */

/** Where gate series are written to. Paths are absolute. */
export interface RemoteWriteSetting {
  readonly url: string;
  /** Certificates that sign that of the server. */
  readonly caFile?: string;
  readonly user?: string;
  /** Of the user, or a bearer token where there is no user. */
  readonly secretFile?: string;
}

const URL_VARIABLE = 'BELAY_REMOTE_WRITE_URL';
const USER_VARIABLE = 'BELAY_REMOTE_WRITE_USER';
const SECRET_VARIABLE = 'BELAY_REMOTE_WRITE_SECRET_FILE';
const CA_VARIABLE = 'BELAY_REMOTE_WRITE_CA_FILE';

/** Series of gates: value, bar and verdict. */
const GATE_SERIES = 'belay_gate_(value|bar|verdict)';

/**
 * Where the environment of the host says that gate series go; undefined where it says nothing.
 * @throws Error naming the variable, what was found, and what is allowed
 */
export function remoteWriteSetting(): RemoteWriteSetting | undefined {
  const url = process.env[URL_VARIABLE] || undefined;
  const user = process.env[USER_VARIABLE] || undefined;
  const secretFile = fileOf(SECRET_VARIABLE);
  const caFile = fileOf(CA_VARIABLE);
  if (url === undefined) return undefined;
  const parsed = URL.parse(url);
  // A password in the address is not shown.
  if (
    parsed === null ||
    !['http:', 'https:'].includes(parsed.protocol) ||
    `${parsed.username}${parsed.password}` !== ''
  )
    throw new Error(
      `${URL_VARIABLE}: allowed is http://<host>/<path> or https://<host>/<path>, e.g. https://prometheus.example/api/v1/write, without user and password`,
    );
  if (user !== undefined && secretFile === undefined)
    throw new Error(`${USER_VARIABLE} is set and ${SECRET_VARIABLE} is not; it names the file with the password`);
  return {
    url,
    ...(caFile === undefined ? {} : { caFile }),
    ...(user === undefined ? {} : { user }),
    ...(secretFile === undefined ? {} : { secretFile }),
  };
}

/** The part of Prometheus' configuration that writes the gates there; empty where nothing is set. */
export function remoteWriteConfig(setting: RemoteWriteSetting | undefined): Readonly<Record<string, unknown>> {
  if (setting === undefined) return {};
  const { url, caFile, user, secretFile } = setting;
  return {
    remote_write: [
      {
        url,
        remote_timeout: `${AGENT_WRITE_MS}ms`,
        follow_redirects: false,
        ...(caFile === undefined ? {} : { tls_config: { ca_file: caFile } }),
        ...(secretFile === undefined
          ? {}
          : user === undefined
            ? { authorization: { type: 'Bearer', credentials_file: secretFile } }
            : { basic_auth: { username: user, password_file: secretFile } }),
        metadata_config: { send: false },
        write_relabel_configs: [{ source_labels: ['__name__'], regex: GATE_SERIES, action: 'keep' }],
        queue_config: { batch_send_deadline: `${AGENT_SEND_MS}ms`, max_backoff: `${AGENT_BACKOFF_MS}ms` },
      },
    ],
  };
}

/** Writes nothing there, to see whether it would be taken. @throws Error with the reason */
export async function tryRemoteWrite(setting: RemoteWriteSetting, budgetMs: number): Promise<void> {
  const { url, caFile, user, secretFile } = setting;
  const agent = new Agent({ connect: caFile === undefined ? {} : { ca: readLimitedFile(caFile, CREDENTIAL_BYTES) } });
  const secret = secretFile === undefined ? undefined : secretOf(secretFile);
  const credentials =
    user === undefined ? `Bearer ${secret}` : `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      method: 'POST',
      signal: AbortSignal.timeout(budgetMs),
      headers: {
        'content-encoding': 'snappy',
        'content-type': 'application/x-protobuf',
        'x-prometheus-remote-write-version': '0.1.0',
        ...(secret === undefined ? {} : { authorization: Buffer.from(credentials).toString('latin1') }),
      },
      // A message of no bytes, as Snappy has it.
      body: Buffer.from([0]),
    });
    const text = (await limitedText(body, PROMETHEUS_ANSWER_BYTES, 'its answer')).slice(0, 200).trim();
    if (statusCode >= 300) throw new Error(`it answers ${statusCode}${text === '' ? '' : `: ${text}`}`);
  } finally {
    await agent.destroy();
  }
}

/** @throws Error naming the variable when no request can carry the secret */
function secretOf(path: string): string {
  const secret = readLimitedFile(path, CREDENTIAL_BYTES).trim();
  const found = controlCharacterIn(secret);
  if (found === undefined) return secret;
  throw new Error(`${SECRET_VARIABLE}: ${path} has ${found} in the secret; allowed: one line without any`);
}

function fileOf(variable: string): string | undefined {
  const path = process.env[variable] || undefined;
  if (path === undefined) return undefined;
  if (!isAbsolute(path)) throw new Error(`${variable}: found "${path}"; allowed is an absolute path`);
  try {
    readLimitedFile(path, CREDENTIAL_BYTES);
  } catch (cause) {
    throw new Error(`${variable}: found "${path}"; it cannot be read: ${messageOf(cause)}`, { cause });
  }
  return path;
}
