import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { collectSnapshot } from '../../../src/adapters/evidence/collect-snapshot.ts';
import { writeTextFile } from '../../../src/adapters/host/atomic-file.ts';
import { giveBack, setAside } from '../../../src/adapters/host/disk-reserve.ts';
import { isDiskError, tightDisk } from '../../../src/adapters/host/disk-room.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { appendJsonLine, readJsonLines } from '../../../src/adapters/host/json-lines.ts';
import { withDatabase } from '../../../src/adapters/index/index-database.ts';
import { NO_MOUNT, smallDisk, type SmallDisk } from '../../small-disk.ts';

let disk: SmallDisk | undefined;
afterEach(() => {
  disk?.close();
  disk = undefined;
});

function mounted(options: string): SmallDisk {
  disk = smallDisk(options);
  return disk;
}

function errorOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe.skipIf(NO_MOUNT !== undefined)('a full disk', () => {
  test('takes no part of a line, and goes on where it was', () => {
    const { folder, fill, free } = mounted('size=1m');
    const path = join(folder, 'timeline.jsonl');
    // The end of the file is no end of a page: the rest of the page still takes something.
    appendJsonLine(path, { first: true });
    fill();
    const whole = readFileSync(path, 'utf8');
    const long = { text: 'x'.repeat(9_000) };
    expect(isDiskError(errorOf(() => appendJsonLine(path, long)))).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(whole);
    free();
    appendJsonLine(path, long);
    expect(readJsonLines(path)).toEqual([{ first: true }, long]);
  });

  test('leaves the old text of a file, and no part of the new one', () => {
    const { folder, fill } = mounted('size=1m');
    const path = join(folder, 'summary.json');
    writeTextFile(path, 'old');
    fill();
    expect(isDiskError(errorOf(() => writeTextFile(path, 'x'.repeat(20_000))))).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder).sort()).toEqual(['ballast.tmp', 'summary.json']);
  });

  test.each(['size=40m', 'size=40m,nr_inodes=60'])('has what was set aside (%s)', (options) => {
    const { folder, fill, fillFiles } = mounted(options);
    setAside(folder);
    setAside(folder);
    fill();
    if (options.includes('inodes')) fillFiles();
    expect(tightDisk('a campaign', [folder], { bytes: 1, files: 1 })).toContain(folder);
    expect(isDiskError(errorOf(() => writeFileSync(join(folder, 'more'), 'x'.repeat(9_000))))).toBe(true);
    giveBack(folder);
    for (let file = 0; file < 20; file++) writeFileSync(join(folder, `part-${file}`), Buffer.alloc(500_000));
  });

  test('that became read-only keeps what was set aside, and says nothing', () => {
    const { folder, seal } = mounted('size=40m');
    setAside(folder);
    seal();
    expect(isDiskError(errorOf(() => appendJsonLine(join(folder, 'timeline.jsonl'), {})))).toBe(true);
    giveBack(folder);
    expect(readdirSync(folder)).toEqual(['reserve.tmp']);
  });

  test('sets nothing aside where there is no room for it', () => {
    const { folder } = mounted('size=4m');
    expect(isDiskError(errorOf(() => setAside(folder)))).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('costs a snapshot the logs that do not fit, each whole or not there', async () => {
    const { folder, shrink } = mounted('size=2m');
    const big = smallDisk('size=8m');
    try {
      writeFileSync(join(big.folder, 'big.log'), 'x'.repeat(3_000_000));
      writeFileSync(join(big.folder, 'small.log'), 'y'.repeat(10));
      shrink(200_000);
      const logs = ['big', 'small'].map((name) => ({ name, path: join(big.folder, `${name}.log`) }));
      const parts = await collectSnapshot({
        folder,
        campaign: 'c',
        prometheus: undefined,
        gates: [],
        soak: undefined,
        campaignTime: { startMs: 0, endMs: 1 },
        logs,
        queryBudgetMs: 1_000,
        snapshotBudgetMs: 1_000,
        signal: new AbortController().signal,
        throwIfSuperseded: () => undefined,
        onPart: () => undefined,
      });
      const kept = parts.filter(({ what }) => what.startsWith('log of'));
      expect(kept.find(({ what }) => what === 'log of big')).toMatchObject({ ok: false, error: /ENOSPC/ });
      expect(readdirSync(join(folder, 'logs'))).not.toContain('big.log.tmp');
      expect(existsSync(join(folder, 'logs', 'big.log'))).toBe(false);
    } finally {
      big.close();
    }
  });

  test('keeps the index of runs in memory', () => {
    const { folder, fill } = mounted('size=1m');
    fill();
    expect(
      withDatabase(join(folder, 'index', 'runs.db'), (database) => database.prepare('SELECT 1 AS one').get()),
    ).toEqual({ one: 1 });
  });
});

test('a worker whose log cannot be written goes on', () => {
  const log = join(repositoryFolder, 'src/worker/log.ts');
  const code = `import { createLog } from ${JSON.stringify(log)}; const log = createLog(); log.info('a'); log.info('b'); process.stderr.write('alive');`;
  const said = execFileSync(
    '/bin/sh',
    ['-c', '"$0" --input-type=module -e "$1" 2>&1 >/dev/full', process.execPath, code],
    {
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  expect(said).toBe('alive');
});
