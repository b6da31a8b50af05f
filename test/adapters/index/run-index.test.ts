import { execa } from 'execa';
import fs, {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { markOwner } from '../../../src/adapters/evidence/folder-owner.ts';
import { writeManifest } from '../../../src/adapters/evidence/manifest.ts';
import { writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import { withDatabase } from '../../../src/adapters/index/index-database.ts';
import { withRunIndex, type RunQuery } from '../../../src/adapters/index/run-index.ts';
import { fileOfProfile } from '../../../src/adapters/reports/site-pages.ts';
import { leftOutText } from '../../../src/cli/stored-runs.ts';
import { aSummary, dayMs, storeRun } from './stored-runs.ts';

let home = '';
let runs = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-index-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function idsOf(query?: RunQuery): readonly string[] {
  return withRunIndex((index) => index.runs(query).map(({ id }) => id));
}

/** Everything that the index answers. */
function answers(): unknown {
  return withRunIndex((index) => ({
    runs: index.runs(),
    counts: [index.count(), index.count({ verdict: 'fail' })],
    damaged: index.damaged,
    unfinished: index.unfinished,
    ids: index.ids(),
  }));
}

test('no runs folder is an index without runs', () => {
  expect(idsOf()).toEqual([]);
});

test('runs are listed newest first, by profile, verdict, time and number', () => {
  storeRun(runs, 'a', { startedAtMs: dayMs(1) });
  storeRun(runs, 'b', { startedAtMs: dayMs(3), value: 9 });
  storeRun(runs, 'c', { startedAtMs: dayMs(2), profile: 'other' });
  expect(idsOf()).toEqual(['b', 'c', 'a']);
  expect(idsOf({ profile: 'other' })).toEqual(['c']);
  expect(idsOf({ verdict: 'fail' })).toEqual(['b']);
  expect(idsOf({ sinceMs: dayMs(2) })).toEqual(['b', 'c']);
  expect(idsOf({ limit: 1 })).toEqual(['b']);
  expect(withRunIndex((index) => index.runs({ profile: 'other' }))).toMatchObject([
    { id: 'c', verdict: 'pass', folder: join(runs, 'c') },
  ]);
});

test('the campaigns of comparisons are runs, but no nights of their profile', () => {
  const temporal = { ...aSummary().temporal, workflowId: 'cmp.2-branch' };
  storeRun(runs, 'a');
  storeRun(runs, 'cmp.2-branch', { trigger: 'comparison', temporal, profile: 'compared' });
  expect(idsOf().toSorted()).toEqual(['a', 'cmp.2-branch']);
  expect(idsOf({ nightsOnly: true })).toEqual(['a']);
  withRunIndex((index) => {
    expect(index.profiles()).toEqual(['dev-50']);
    expect(index.runs({ profile: 'compared' })[0]?.comparison).toEqual({
      workflowId: 'cmp',
      pair: 2,
      side: 'branch',
    });
  });
});

test('what is added, replaced or removed is seen by the next command', () => {
  storeRun(runs, 'a');
  storeRun(runs, 'b');
  expect(idsOf({ verdict: 'pass' })).toHaveLength(2);
  storeRun(runs, 'c');
  // The same size and perhaps the same millisecond: only the inode says that it is another file.
  storeRun(runs, 'a', { value: 9.5 });
  rmSync(join(runs, 'b'), { recursive: true });
  expect(idsOf({ verdict: 'fail' })).toEqual(['a']);
  expect(idsOf().toSorted()).toEqual(['a', 'c']);
});

test('an index that is removed, damaged or of another format gives the same answers when it is made again', async () => {
  for (const id of ['a', 'b', 'c']) storeRun(runs, id);
  mkdirSync(join(runs, 'broken'));
  writeFileSync(join(runs, 'broken', 'summary.json'), '{"runId":');
  const before = answers();
  const file = join(home, 'state', 'index.sqlite');
  expect(existsSync(file)).toBe(true);
  expect(answers()).toEqual(before);
  rmSync(file);
  expect(answers()).toEqual(before);
  writeFileSync(file, 'this is no database, and it is longer than the header of one'.repeat(50));
  expect(answers()).toEqual(before);
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(file);
  database.exec('DROP TABLE runs; CREATE TABLE earlier (name TEXT); PRAGMA user_version = 77');
  database.close();
  expect(answers()).toEqual(before);
});

test.each([
  ['a view of the name of a table', 'DROP TABLE runs; CREATE VIEW runs AS SELECT 1'],
  ['a table with a quote in its name', 'CREATE TABLE "a""b" (x TEXT)'],
  ['a table that SQLite itself has made', 'CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT)'],
  ['a trigger that fails', `CREATE TRIGGER t BEFORE INSERT ON runs BEGIN SELECT RAISE(FAIL, 'no'); END`],
])('an index of another program with %s gives the same answers', async (_, sql) => {
  storeRun(runs, 'a');
  const before = answers();
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(home, 'state', 'index.sqlite'));
  database.exec(`${sql}; PRAGMA user_version = 77`);
  database.close();
  expect(answers()).toEqual(before);
  expect(answers()).toEqual(before);
});

test.each([
  ['a folder', (file: string) => mkdirSync(file)],
  ['a link in a circle', (file: string) => symlinkSync(file, file)],
  ['a link that leads nowhere', (file: string) => symlinkSync(join(home, 'none', 'x'), file)],
])('an index, or a file beside it, that is %s is made for each command', (_, make) => {
  storeRun(runs, 'a');
  mkdirSync(join(home, 'state'));
  for (const end of ['', '-wal', '-shm']) {
    const file = join(home, 'state', `index.sqlite${end}`);
    make(file);
    expect(idsOf(), end).toEqual(['a']);
    rmSync(file, { recursive: true, force: true });
  }
});

/** Writes without waiting for a lock. @returns the file that it has written */
function locationWritten(database: DatabaseSync): string | null {
  database.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; COMMIT');
  return database.location();
}

test('an index that another process has locked for longer than is waited is made for this command', async () => {
  const file = join(home, 'state', 'index.sqlite');
  expect(withDatabase(file, locationWritten)).toBe(file);
  const { DatabaseSync: Other } = await import('node:sqlite');
  const other = new Other(file);
  other.exec('BEGIN IMMEDIATE');
  expect(withDatabase(file, locationWritten)).toBeNull();
  other.close();
  expect(withDatabase(file, locationWritten)).toBe(file);
});

test('without a folder to write to, the index is made for each command', () => {
  storeRun(runs, 'a');
  writeFileSync(join(home, 'state'), 'a file where the folder would be');
  expect(idsOf()).toEqual(['a']);
  vi.stubEnv('BELAY_HOME', '/proc/belay');
  expect(idsOf()).toEqual(['a']);
});

test.each([
  ['null', 'null'],
  ['[]', 'array'],
  ['5', 'number'],
])('a summary that is %s is named as what it is', (text, kind) => {
  mkdirSync(join(runs, 'other'), { recursive: true });
  writeFileSync(join(runs, 'other', 'summary.json'), text);
  withRunIndex((index) =>
    expect(index.damaged).toMatchObject([
      { id: 'other', why: `its summary.json is no summary of Belay: Invalid input: expected object, received ${kind}` },
    ]),
  );
});

test('damaged folders are named and left out; climbs and other folders are none', async () => {
  storeRun(runs, 'good');
  mkdirSync(join(runs, 'cut'));
  writeFileSync(join(runs, 'cut', 'summary.json'), JSON.stringify(aSummary()).slice(0, 400));
  mkdirSync(join(runs, 'foreign'));
  writeFileSync(join(runs, 'foreign', 'summary.json'), '{"runId":"x","passed":true}');
  writeSummary(storeRun(runs, 'edited'), aSummary({ runId: 'edited' }));
  await writeManifest(join(runs, 'edited'));
  writeSummary(join(runs, 'edited'), aSummary({ runId: 'edited', verdict: 'pass', reasons: ['nothing to see'] }));
  mkdirSync(join(runs, 'running'));
  writeFileSync(join(runs, 'running', 'spec.json'), '{}');
  for (const id of ['of-member', 'of-lead']) {
    mkdirSync(join(runs, id));
    writeFileSync(join(runs, id, 'spec.json'), '{}');
    markOwner(join(runs, id), { lead: id === 'of-lead', leadAddress: { host: 'machine-a' } });
    markOwner(join(runs, id), { lead: false, leadAddress: { host: 'machine-b' } });
  }
  mkdirSync(join(runs, 'nightly-climb'));
  writeFileSync(join(runs, 'nightly-climb', 'ladder.json'), '{}');
  mkdirSync(join(runs, 'site'));
  writeFileSync(join(runs, 'a-file'), '');
  withRunIndex((index) => {
    expect(index.ids()).toEqual(['good']);
    expect(index.unfinished.map(({ id }) => id)).toEqual(['of-lead', 'running']);
    expect(index.ofMembers).toEqual([{ id: 'of-member', folder: join(runs, 'of-member'), lead: 'machine-a' }]);
    expect(leftOutText({ damaged: [], ofMembers: index.ofMembers })).toContain('other leads: of-member (machine-a)');
    expect(index.damaged.map(({ id }) => id).toSorted()).toEqual(['cut', 'edited', 'foreign']);
    const why = (id: string): string => index.damaged.find((one) => one.id === id)?.why ?? '';
    expect(why('cut')).toMatch(/not JSON/);
    expect(why('foreign')).toMatch(/no summary of Belay: profile: .* \(and \d+ more\)/);
    expect(why('edited')).toMatch(/changed after MANIFEST.json listed it/);
  });
});

test('what cannot be opened, never ends or loops is named, and so is a manifest that says nothing', async () => {
  storeRun(runs, 'good');
  const folders = ['loop', 'folder', 'pipe', 'manifest-cut', 'manifest-list', 'manifest-pipe', 'manifest-null'];
  for (const id of folders) storeRun(runs, id);
  const path = (id: string, file: string): string => join(runs, id, file);
  for (const id of ['loop', 'folder', 'pipe']) rmSync(path(id, 'summary.json'));
  symlinkSync('summary.json', path('loop', 'summary.json'));
  mkdirSync(path('folder', 'summary.json'));
  await execa('mkfifo', [path('pipe', 'summary.json'), path('manifest-pipe', 'MANIFEST.json')]);
  writeFileSync(path('manifest-cut', 'MANIFEST.json'), '{"files": [');
  writeFileSync(path('manifest-list', 'MANIFEST.json'), '{"files": 5}');
  writeFileSync(path('manifest-null', 'MANIFEST.json'), '{"files": [null]}');
  const expected = [
    ['folder', 'its summary.json is a folder; allowed: a plain file'],
    ['loop', 'its summary.json is a link; allowed: a plain file'],
    ['manifest-cut', expect.stringMatching(/^its MANIFEST.json cannot be read: /)],
    ['manifest-list', 'its MANIFEST.json has no list of files'],
    ['manifest-pipe', 'its MANIFEST.json is a pipe; allowed: a plain file'],
    ['pipe', 'its summary.json is a pipe; allowed: a plain file'],
  ];
  // As it is read, and as it is remembered.
  for (const _ of [1, 2])
    withRunIndex((index) => {
      expect(index.ids().toSorted()).toEqual(['good', 'manifest-null']);
      expect(index.damaged.map(({ id, why }) => [id, why])).toEqual(expected);
    });
});

function why(): readonly string[] {
  return withRunIndex((index) => index.damaged.map((one) => one.why));
}

test('a damaged folder is read once, and again when its summary or its manifest has changed', async () => {
  const folder = storeRun(runs, 'edited');
  await writeManifest(folder);
  writeSummary(folder, aSummary({ runId: 'edited', verdict: 'fail', reasons: ['nothing to see'] }));
  const [before] = why();
  expect(before).toMatch(/changed after MANIFEST/);
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(home, 'state', 'index.sqlite'));
  database.exec("UPDATE damaged SET why = 'remembered'");
  database.close();
  expect(why()).toEqual(['remembered']);
  await writeManifest(folder);
  expect([why(), idsOf()]).toEqual([[], ['edited']]);
  writeFileSync(join(folder, 'summary.json'), '{');
  expect([why().length, idsOf()]).toEqual([1, []]);
  rmSync(folder, { recursive: true });
  expect([why(), idsOf()]).toEqual([[], []]);
});

/** Replaces how opened files are read. @returns what puts it back */
function readingBy(read: (path: string, readFile: () => Buffer) => Buffer): () => void {
  const { openSync, readFileSync } = fs;
  const paths = new Map<unknown, string>();
  fs.openSync = (...args) => {
    const file = openSync(...args);
    paths.set(file, String(args[0]));
    return file;
  };
  fs.readFileSync = ((...args: Parameters<typeof readFileSync>) =>
    read(paths.get(args[0]) ?? '', () => readFileSync(...args) as Buffer)) as typeof readFileSync;
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, { openSync, readFileSync });
    syncBuiltinESMExports();
  };
}

/** Does something at the moment when a file of that name has been read, once. */
function afterReading(name: string, then: () => void): void {
  const restore = readingBy((path, readFile) => {
    const content = readFile();
    if (!path.endsWith(name)) return content;
    restore();
    then();
    return content;
  });
}

test('a run whose manifest another command writes while it is read is no damaged one at the next look', async () => {
  const folder = storeRun(runs, 'judged');
  const manifest = join(folder, 'MANIFEST.json');
  await writeManifest(folder);
  const before = fs.readFileSync(manifest);
  writeSummary(folder, aSummary({ runId: 'judged', verdict: 'fail', reasons: ['judged again'] }));
  await writeManifest(folder);
  const after = fs.readFileSync(manifest);
  writeFileSync(manifest, before);
  let written = 0;
  afterReading('MANIFEST.json', () => {
    written += 1;
    writeFileSync(manifest, after);
  });
  expect([why(), written]).toEqual([['its summary.json was changed after MANIFEST.json listed it'], 1]);
  expect([why(), idsOf()]).toEqual([[], ['judged']]);
});

/** What is remembered of damaged folders. */
async function remembered(): Promise<readonly unknown[]> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(home, 'state', 'index.sqlite'));
  try {
    return database
      .prepare('SELECT id FROM damaged ORDER BY id')
      .all()
      .map(({ id }) => id);
  } finally {
    database.close();
  }
}

function summaryOf(id: string): string {
  return join(runs, id, 'summary.json');
}

test('what the system reports is looked at again, and what is wrong with a file is remembered', async () => {
  for (const id of ['unread', 'unlisted', 'empty', 'loop', 'large']) storeRun(runs, id);
  writeFileSync(join(runs, 'unlisted', 'MANIFEST.json'), '{}');
  writeFileSync(summaryOf('empty'), '');
  rmSync(summaryOf('loop'));
  symlinkSync('summary.json', summaryOf('loop'));
  truncateSync(summaryOf('large'), 1e9);
  const failing = [summaryOf('unread'), join(runs, 'unlisted', 'MANIFEST.json')];
  const restore = readingBy((path, readFile) => {
    if (failing.includes(path)) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    return readFile();
  });
  try {
    for (const _ of [1, 2]) {
      expect(withRunIndex((index) => index.damaged.map((one) => [one.id, one.why]))).toEqual([
        ['empty', expect.stringMatching(/^its summary.json is not JSON/)],
        ['large', 'its summary.json has 1.0 GB; allowed: 67 MB'],
        ['loop', 'its summary.json is a link; allowed: a plain file'],
        ['unlisted', expect.stringMatching(/^its MANIFEST.json cannot be read: EIO/)],
        ['unread', expect.stringMatching(/^its summary.json cannot be read: EIO/)],
      ]);
      expect(await remembered()).toEqual(['empty', 'large', 'loop']);
    }
  } finally {
    restore();
  }
  expect(idsOf().toSorted()).toEqual(['unlisted', 'unread']);
});

test.each([['SECRET-TOKEN'], ['S\nECRET-TOKEN'], ['S\rECRET-TOKEN'], [`${'['.repeat(50)}SECRET-TOKEN`]])(
  'nothing is quoted of a file that is not JSON, by a hard link too: %j',
  (text) => {
    for (const name of ['summary.json', 'MANIFEST.json']) {
      const link = join(storeRun(runs, name), name);
      rmSync(link, { force: true });
      writeFileSync(join(runs, 'outside'), text);
      linkSync(join(runs, 'outside'), link);
    }
    expect(why()).toEqual([
      "its MANIFEST.json cannot be read: Unexpected token 'S'",
      "its summary.json is not JSON: Unexpected token 'S'",
    ]);
  },
);

test('no link in a run folder is followed, not even to a summary, and one that becomes a file is read', () => {
  const other = storeRun(home, 'other');
  storeRun(runs, 'a');
  rmSync(summaryOf('a'));
  symlinkSync(join(other, 'summary.json'), summaryOf('a'));
  mkdirSync(join(runs, 'member'));
  writeFileSync(join(runs, 'member', 'spec.json'), '{}');
  symlinkSync(join(other, 'summary.json'), join(runs, 'member', 'member.json'));
  for (const _ of [1, 2])
    expect([why(), idsOf()]).toEqual([
      ['its summary.json is a link; allowed: a plain file', 'its member.json is a link; allowed: a plain file'],
      [],
    ]);
  rmSync(summaryOf('a'));
  cpSync(join(other, 'summary.json'), summaryOf('a'));
  rmSync(join(runs, 'member', 'member.json'));
  writeFileSync(join(runs, 'member', 'member.json'), 'SECRET');
  expect([why(), idsOf()]).toEqual([["its member.json cannot be read: Unexpected token 'S'"], ['a']]);
  writeFileSync(join(runs, 'member', 'member.json'), 'null');
  withRunIndex((index) => expect(index.unfinished.map(({ id }) => id)).toEqual(['member']));
});

test('profiles whose names are no Unicode, end early in C, or look alike are not mixed up', () => {
  const names = [
    'x',
    'x\0',
    'x\0y',
    'x\uD800',
    'x\uDC00',
    'x\uFFFD',
    '\u00E9',
    'e\u0301',
    '"x"',
    '\u{10FFFF}',
    'X',
    ' x',
  ];
  for (const [number, profile] of names.entries()) storeRun(runs, `run-${number}`, { profile });
  for (const _ of [1, 2])
    withRunIndex((index) => {
      expect(index.profiles().toSorted()).toEqual(names.toSorted());
      for (const [number, profile] of names.entries())
        expect(index.runs({ profile }).map((run) => [run.id, run.profile])).toEqual([[`run-${number}`, profile]]);
    });
  expect(new Set(names.map((profile) => fileOfProfile(profile, 1))).size).toBe(names.length);
});

test('folders whose names are the same text once they are read as UTF-8 are one run', () => {
  storeRun(runs, 'x\uFFFD');
  for (const byte of [0xfe, 0xff]) mkdirSync(Buffer.from([...Buffer.from(join(runs, 'x')), byte]));
  mkdirSync(join(runs, '\u00E9'));
  storeRun(runs, 'e\u0301');
  expect(idsOf().toSorted()).toEqual(['e\u0301', 'x\uFFFD']);
  rmSync(summaryOf('x\uFFFD'));
  writeFileSync(join(runs, 'x\uFFFD', 'spec.json'), '');
  withRunIndex((index) => expect(index.unfinished.map(({ id }) => id)).toEqual(['x\uFFFD']));
});

test('a run that cannot be read for a moment is listed again afterwards', async () => {
  storeRun(runs, 'a');
  expect(idsOf()).toEqual(['a']);
  writeFileSync(join(runs, 'a', 'summary.json'), JSON.stringify(aSummary({ runId: 'a' })));
  const restore = readingBy(() => {
    throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });
  });
  try {
    expect([why(), idsOf()]).toEqual([['its summary.json cannot be read: EMFILE: too many open files, open'], []]);
  } finally {
    restore();
  }
  expect([why(), idsOf(), await remembered()]).toEqual([[], ['a'], []]);
});

test.each(['startedAtMs', 'endedAtMs'])('a run whose %s is no date keeps no other one from being listed', (field) => {
  storeRun(runs, 'good');
  for (const [index, moment] of ['1e308', '-1e308', '1e19', '8640000000000001'].entries()) {
    mkdirSync(join(runs, `run-${index}`));
    const text = JSON.stringify({ ...aSummary(), [field]: '@' }).replace('"@"', moment);
    writeFileSync(join(runs, `run-${index}`, 'summary.json'), text);
  }
  withRunIndex((index) => {
    expect(index.ids()).toEqual(['good']);
    expect(index.damaged.map(({ why }) => why)).toEqual(
      Array.from({ length: 4 }, () => expect.stringContaining(`no summary of Belay: ${field}: Too `) as unknown),
    );
  });
});

test('a copied folder is a run of its own', () => {
  cpSync(storeRun(runs, 'a'), join(runs, 'copy-of-a'), { recursive: true });
  expect(idsOf().toSorted()).toEqual(['a', 'copy-of-a']);
});

test('commands that begin at the same time share one index', async () => {
  for (let number = 0; number < 300; number++) storeRun(runs, `run-${number}`);
  const child = fileURLToPath(new URL('index-child.ts', import.meta.url));
  const ended = await Promise.all(Array.from({ length: 5 }, () => execa(process.execPath, [child])));
  expect(ended.map(({ stdout, stderr }) => `${stdout}${stderr}`)).toEqual(Array.from({ length: 5 }, () => '300'));
  expect(idsOf()).toHaveLength(300);
});
