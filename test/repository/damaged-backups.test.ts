import { readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { publishSample, sha256 } from './support/publication.js';
import { scratchRepository } from './support/scratch.js';

const first = 'shop_full_20250301_120000';
const second = 'shop_full_20250302_120000';

async function twoBackups() {
  const scratch = await scratchRepository();
  await publishSample(scratch.repository, {
    timestamp: '20250301_120000',
    content: 'dump one',
    globals: 'one',
  });
  await publishSample(scratch.repository, {
    timestamp: '20250302_120000',
    content: 'dump two',
    globals: 'two',
  });
  return { ...scratch, pathOf: (name: string) => join(scratch.full, name) };
}

function exchange(a: string, b: string): void {
  renameSync(a, `${a}.aside`);
  renameSync(b, a);
  renameSync(`${a}.aside`, b);
}

type Damage = (pathOf: (name: string) => string) => void;

const damages: [string, Damage, string][] = [
  ['metadata emptied', (at) => truncateSync(at(`${second}.meta`), 0), 'empty'],
  ['metadata truncated', (at) => truncateSync(at(`${second}.meta`), 300), 'no JSON'],
  [
    'metadata flipped',
    (at) => {
      const text = readFileSync(at(`${second}.meta`), 'utf8');
      writeFileSync(at(`${second}.meta`), text.replace('"owner": "postgres"', '"owner": "postgret"'));
    },
    'metadata_checksum',
  ],
  ['artifact truncated', (at) => truncateSync(at(`${second}.sql.gz`), 3), 'has 3 bytes'],
  ['artifact emptied', (at) => truncateSync(at(`${second}.sql.gz`), 0), 'has 0 bytes'],
  ['artifact missing', (at) => rmSync(at(`${second}.sql.gz`)), 'is missing'],
  ['globals missing', (at) => rmSync(at(`${second}.globals.sql.gz`)), 'globals'],
];

describe.each(damages)('K1: %s', (_, damage, reason) => {
  test('the backup is shown as broken with the reason, the others stay listed', async () => {
    const { repository, pathOf } = await twoBackups();
    damage(pathOf);
    const { backups, broken } = await repository.list();
    expect(backups.map(({ id }) => id)).toEqual([first]);
    expect(broken).toEqual([
      { id: second, file: `full/${second}.meta`, why: expect.stringContaining(reason) },
    ]);
  });

  test('it is refused by its id, and latest does not pass over it silently', async () => {
    const { repository, pathOf } = await twoBackups();
    damage(pathOf);
    const refused = { type: 'VerificationFailed', exitCode: 5, message: expect.stringContaining(reason) };
    await expect(repository.find(second)).rejects.toMatchObject(refused);
    await expect(repository.find('latest', 'shop')).rejects.toMatchObject(refused);
    expect((await repository.find('oldest', 'shop')).id).toBe(first);
  });

  test('it can still be removed whole', async () => {
    const { repository, pathOf, files } = await twoBackups();
    damage(pathOf);
    expect(await repository.remove(second)).toBe(true);
    expect(files()).toEqual([`${first}.globals.sql.gz`, `${first}.meta`, `${first}.sql.gz`]);
  });
});

describe('OP-7: metadata of shell scripts that names a path', () => {
  test.each([
    ['/srv/elsewhere/', true],
    ['../', true],
    ['/etc/passwd/../x', false],
  ])('under %j leads to the file beside it, or nowhere', async (prefix, isFound) => {
    const { repository, pathOf } = await twoBackups();
    const path = pathOf(`${first}.meta`);
    const { format_version: _, metadata_checksum: __, ...fields } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...fields, backup_file: `${prefix}${fields.backup_file}` }));
    const found = repository.find(first).then(({ path }) => path);
    if (isFound) await expect(found).resolves.toBe(pathOf(`${first}.sql.gz`));
    else await expect(found).rejects.toMatchObject({ type: 'VerificationFailed' });
  });
});

describe('K2: files exchanged between two backups', () => {
  test('metadata: both are refused', async () => {
    const { repository, pathOf } = await twoBackups();
    exchange(pathOf(`${first}.meta`), pathOf(`${second}.meta`));
    const { backups, broken } = await repository.list();
    expect(backups).toEqual([]);
    expect(broken.map(({ why }) => why)).toEqual([
      expect.stringContaining(`which is no artifact of ${second}`),
      expect.stringContaining(`which is no artifact of ${first}`),
    ]);
  });

  test('artifacts of one size: the checksum that a verification compares is that of the other', async () => {
    const { repository, pathOf } = await twoBackups();
    exchange(pathOf(`${first}.sql.gz`), pathOf(`${second}.sql.gz`));
    for (const id of [first, second]) {
      const found = await repository.find(id);
      expect(sha256(readFileSync(found.path))).not.toBe(found.metadata.checksum);
    }
  });

  test.each(['/etc/passwd', '../full/x.sql.gz', `./${first}.sql.gz`, `${first}.sql.zst`, `${first}.meta`])(
    'SE-3: backup_file %j in the metadata leads nowhere',
    async (backup_file) => {
      const { repository, pathOf } = await twoBackups();
      const path = pathOf(`${first}.meta`);
      const { metadata_checksum: _, ...fields } = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...fields, backup_file }));
      await expect(repository.find(first)).rejects.toMatchObject({ type: 'VerificationFailed' });
      await repository.remove(first);
      expect((await repository.list()).backups.map(({ id }) => id)).toEqual([second]);
    },
  );
});

test('what is no metadata of a full backup is shown as broken, and artifacts without metadata are not', async () => {
  const { repository, pathOf, files } = await twoBackups();
  writeFileSync(pathOf('notes.meta'), '{}');
  writeFileSync(pathOf('.hidden.meta'), '{}');
  writeFileSync(pathOf('shop_full_20250303_120000.sql.gz'), 'of nobody');
  const { backups, broken } = await repository.list();
  expect(backups).toHaveLength(2);
  expect(broken).toEqual([{ id: 'notes', file: 'full/notes.meta', why: expect.stringContaining('name') }]);
  await expect(repository.find('shop_full_20250303_120000')).rejects.toMatchObject({
    type: 'BackupNotFound',
    message: expect.stringContaining('has no shop_full_20250303_120000.meta'),
  });
  await repository.removeAbandonedPartials(new Date(Date.now() + 60_000));
  expect(files()).toContain('shop_full_20250303_120000.sql.gz');
});

describe('OP-7: a folder of shell scripts', () => {
  const content = 'script dump';
  const script = {
    database: 'shop',
    size_bytes: content.length,
    size_human: '4.0K',
    duration_seconds: 60,
    pg_version: '14.10',
    checksum: sha256(content),
    compression_level: 6,
  };

  /** A backup as a script left it, its file last written at `endedAt`. */
  async function scriptBackup(timestamp: string, endedAt: string) {
    const scratch = await scratchRepository();
    const id = `shop_full_${timestamp}`;
    const metadata = { backup_file: `${id}.sql.gz`, timestamp, ...script };
    writeFileSync(join(scratch.full, `${id}.meta`), JSON.stringify(metadata), { mode: 0o644 });
    writeFileSync(join(scratch.full, `${id}.sql.gz`), content, { mode: 0o644 });
    utimesSync(join(scratch.full, `${id}.sql.gz`), new Date(endedAt), new Date(endedAt));
    return { ...scratch, id };
  }

  test('its backups are listed, found and removed as they are', async () => {
    const { repository, id, files } = await scriptBackup('20240115_020000', '2024-01-15T02:01:00Z');
    const { backups, broken } = await repository.list();
    expect(broken).toEqual([]);
    expect(backups).toMatchObject([
      {
        id,
        takenAt: '2024-01-15T02:00:00.000Z',
        verifiedAt: null,
        databaseSizeBytes: null,
        cluster: 'default',
      },
    ]);
    expect((await repository.find(id)).metadata.format_version).toBeUndefined();
    expect(await repository.remove(id)).toBe(true);
    expect(files()).toEqual([]);
  });

  test.each([
    ['of UTC+9', '20240115_110000'],
    ['of UTC-3:30', '20240114_223000'],
    ['in UTC', '20240115_020000'],
  ])('a timestamp %s is told by when the file was written', async (_, timestamp) => {
    const { repository } = await scriptBackup(timestamp, '2024-01-15T02:01:05Z');
    const [backup] = (await repository.list()).backups;
    const offMs = Date.parse(backup?.takenAt ?? '') - Date.parse('2024-01-15T02:00:00Z');
    expect(Math.abs(offMs)).toBeLessThan(120_000);
  });

  test('a timestamp is taken as UTC once the file was copied', async () => {
    const { repository } = await scriptBackup('20240115_110000', '2025-01-01T00:00:00Z');
    expect((await repository.list()).backups[0]?.takenAt).toBe('2024-01-15T11:00:00.000Z');
  });

  test('the latest is the newest by the clock, also where a local time is ahead of it', async () => {
    const { repository } = await scriptBackup('20240115_110000', '2024-01-15T02:01:00Z');
    const id = await publishSample(repository, { timestamp: '20240115_050000' });
    expect((await repository.find('latest', 'shop')).id).toBe(id);
    expect((await repository.list()).backups[0]?.id).toBe(id);
  });
});
