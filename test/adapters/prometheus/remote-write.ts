import { request } from 'undici';
import type { StoredSeries } from '../../core/gates/histories/store.ts';

/** The value of a stale marker: a NaN with bits of its own, which no number in JavaScript keeps. */
const STALE_BITS = 0x7ff0000000000002n;
/** Samples of one request. */
const BATCH = 20_000;
/** Longest literal of the Snappy format whose length is given in two bytes. */
const LITERAL = 0x10000;

/** Writes series into a Prometheus by the remote-write protocol, version 1. Those of one call must not be older than an hour. */
export async function remoteWrite(url: string, series: readonly StoredSeries[]): Promise<void> {
  let batch: Buffer[] = [];
  let samples = 0;
  for (const one of series) {
    batch.push(field(1, timeSeries(one)));
    samples += one.times.length;
    if (samples < BATCH) continue;
    await send(url, Buffer.concat(batch));
    [batch, samples] = [[], 0];
  }
  if (batch.length > 0) await send(url, Buffer.concat(batch));
}

async function send(url: string, message: Buffer): Promise<void> {
  const { statusCode, body } = await request(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: uncompressed(message),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`Prometheus refused the samples with ${statusCode}: ${text}`);
}

function timeSeries({ labels, times, values }: StoredSeries): Buffer {
  const names = Object.keys(labels).sort();
  return Buffer.concat([
    ...names.map((name) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(labels[name] ?? ''))])),
    ),
    ...times.map((atMs, index) => field(2, sample(atMs, values[index]))),
  ]);
}

function sample(atMs: number, value: number | undefined): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (1 << 3) | 1;
  if (value === undefined) bytes.writeBigUInt64LE(STALE_BITS, 1);
  else bytes.writeDoubleLE(value, 1);
  return Buffer.concat([bytes, Buffer.from([2 << 3]), varint(atMs)]);
}

/** A field of Protocol Buffers whose content has a length. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** Snappy's format without compression: the length, and literals. */
function uncompressed(message: Buffer): Buffer {
  const parts = [varint(message.length)];
  for (let from = 0; from < message.length; from += LITERAL) {
    const literal = message.subarray(from, from + LITERAL);
    const tag = Buffer.alloc(3);
    tag[0] = 61 << 2;
    tag.writeUInt16LE(literal.length - 1, 1);
    parts.push(tag, literal);
  }
  return Buffer.concat(parts);
}
