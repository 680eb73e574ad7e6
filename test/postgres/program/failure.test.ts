import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { programFailure } from '../../../src/postgres/program/failure.js';
import { ProgramMessages } from '../../../src/postgres/program/messages.js';

async function failureOf(stderr: string, silentMs = 0) {
  const messages = new ProgramMessages();
  messages.lastStepAt -= silentMs;
  await messages.read(Readable.from([Buffer.from(stderr)]));
  const end = { attempted: 'dump database "shop"', program: 'pg_dump', exitCode: 1, signal: undefined };
  return programFailure({ ...end, messages, lockWaitTimeoutMs: 60_000 });
}

const germanLock = (reason: string) =>
  `pg_dump: error: query failed: FEHLER:  ${reason}\npg_dump: detail: Query was: LOCK TABLE public.t IN ACCESS SHARE MODE\n`;

test('a lock timeout is known by its duration where the server speaks another language', async () => {
  const timeout = await failureOf(
    germanLock('storniere Anfrage wegen Zeitüberschreitung der Anfrage'),
    60_000,
  );
  expect(timeout).toMatchObject({ type: 'LockTimeout', message: expect.stringContaining('storniere') });
  const refused = await failureOf(germanLock('keine Berechtigung für Tabelle t'), 5_000);
  expect(refused.type).toBe('DumpFailed');
});

test.each([
  ['SSL SYSCALL error: EOF detected', 'ConnectionLost'],
  ['could not write to output file: Broken pipe', 'DumpInterrupted'],
  ['connection to server at "db", port 5432 failed: Connection refused', 'ServerUnreachable'],
  ['connection to server at "db" failed: FATAL:  sorry, too many clients already', 'ServerUnreachable'],
  ['connection to server at "db" failed: FATAL:  no pg_hba.conf entry for host', 'AuthenticationFailed'],
  [
    'connection to server at "db" failed: private key file "k" has group or world access',
    'AuthenticationFailed',
  ],
  ['ERROR:  canceling statement due to conflict with recovery', 'DumpInterrupted'],
  ['FATAL:  terminating connection due to conflict with recovery', 'DumpInterrupted'],
  ['aborting because of server version mismatch', 'ClientTooOld'],
  ['schema with OID 4711 does not exist', 'DumpFailed'],
])('"%s" is %s', async (words, type) => {
  expect((await failureOf(`pg_dump: error: ${words}\n`)).type).toBe(type);
});

test('a server without room for one more session is told with the limits', async () => {
  const failure = await failureOf(
    'pg_dump: error: connection to server at "db" failed: FATAL:  too many connections for role "low"\n',
  );
  expect(failure).toMatchObject({
    type: 'ServerUnreachable',
    remedy: expect.stringContaining('CONNECTION LIMIT'),
  });
});

test('a large object that may not be read is told with what grants it', async () => {
  const failure = await failureOf(
    'pg_dump: error: could not open large object 4711: ERROR:  permission denied for large object 4711\n',
  );
  expect(failure.remedy).toContain('SELECT on the large objects');
});

test('a server without room for so many locks is told with the setting, whatever its language', async () => {
  for (const words of [
    'ERROR:  out of shared memory\nHINT:  You might need to increase max_locks_per_transaction.',
    'FEHLER:  Shared Memory erschöpft\nTIP:  Sie müssen möglicherweise max_locks_per_transaction erhöhen.',
  ])
    expect(await failureOf(`pg_dump: error: query failed: ${words}\n`)).toMatchObject({
      ...{ type: 'DumpFailed', remedy: expect.stringContaining('Raise max_locks_per_transaction') },
    });
});

test('a program that fails and says nothing is told as that', async () => {
  expect(await failureOf('')).toMatchObject({
    type: 'DumpFailed',
    message: 'dump database "shop": pg_dump ended with exit code 1, saying nothing',
  });
});
