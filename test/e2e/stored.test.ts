import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ListedFile } from '../../src/adapters/host/listed-files.ts';
import { BUCKET, s3Server } from '../adapters/evidence/s3-server.ts';
import { withBelay } from './belay-cli.ts';
import { recordOf } from './campaign-record.ts';
import { SMALL_CATALOGUE, smallProfile } from './small-profile.ts';

test('a finished run is in the store that is set, its verdict is sent, and no secret is in it', async () => {
  const server = await s3Server();
  const received: string[] = [];
  const webhook = createServer((request, answer) => {
    request.on('data', (part: Buffer) => received.push(part.toString()));
    request.on('end', () => answer.end());
  });
  await new Promise<void>((done) => webhook.listen(0, '127.0.0.1', done));
  const hook = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/hook?token=secret-of-the-hook`;
  try {
    await withBelay(async (belay) => {
      belay.write('elsewhere/archetypes/small.yaml', SMALL_CATALOGUE);
      const path = belay.write('elsewhere/stored.yaml', smallProfile({ name: 'stored' }));
      const { accessKeyId, secretAccessKey } = server.credentials;
      const ended = await belay.run(['run', path, '--id', 'stored-1'], {
        BELAY_EVIDENCE: `s3://${BUCKET}/nightly`,
        BELAY_EVIDENCE_ENDPOINT: server.endpoint,
        BELAY_WEBHOOK_URL: hook,
        GITHUB_STEP_SUMMARY: belay.write('elsewhere/step.md', ''),
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      });
      expect(ended.exitCode, ended.stderr).toBe(0);
      const { folder, timeline, hostReason } = recordOf(belay, 'stored-1');
      expect(received.map((body) => JSON.parse(body) as unknown)).toMatchObject([
        {
          event: 'verdict',
          id: 'stored-1',
          kind: 'campaign',
          profile: 'stored',
          verdict: 'pass',
          reason: hostReason ?? '',
        },
      ]);
      expect(readFileSync(join(belay.elsewhere, 'step.md'), 'utf8')).toMatch(/^### ✅ PASS: stored\n/);
      const report = readFileSync(join(folder, 'report.html'), 'utf8');
      expect(report).toContain('No earlier run can be compared with this one.');
      expect(report).toMatch(/<title id="distribution-\d+-title">Distribution of/);
      const root = `nightly/${basename(folder)}`;
      expect(timeline.filter(({ what }) => what === 'stored')).toMatchObject([{ detail: `s3://${BUCKET}/${root}/` }]);

      const manifest = JSON.parse(readFileSync(join(folder, 'MANIFEST.json'), 'utf8')) as { files: ListedFile[] };
      expect(server.keys()).toEqual(
        [...manifest.files.map(({ path }) => path), 'MANIFEST.json'].map((file) => `${root}/${file}`).sort(),
      );
      for (const { path: file, sha256 } of manifest.files) {
        const content = readFileSync(server.file(`${root}/${file}`));
        expect([file, createHash('sha256').update(content).digest('hex')]).toEqual([file, sha256]);
        expect(content.includes(secretAccessKey)).toBe(false);
        expect(content.includes('secret-of-the-hook')).toBe(false);
      }
    });
  } finally {
    await server.close();
    await new Promise((done) => webhook.close(done));
  }
});
