import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HoldfastError } from '../../../src/domain/errors.js';
import { obtainTemporal } from '../../../src/temporal/embedded/obtain.js';

let folder: string;
let cache: string;
const said: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-obtain-'));
  cache = join(folder, 'cache');
  said.length = 0;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const current = "echo 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'";
const name = `temporal-1.5.1-${process.platform}-${process.arch}`;

test('the CLI on PATH comes first', async () => {
  await program('temporal', current);
  await cached(current);
  expect(await obtain()).toBe('temporal');
});

test('a CLI on PATH whose server is too old gives way to the one in the cache', async () => {
  await program('temporal', "echo 'temporal version 0.10.0 (server 1.20.0) (Server 1.20.0)'");
  await cached(current);
  expect(await obtain()).toBe(join(cache, name));
});

test('what is in the cache is used without a download', async () => {
  await cached('exit 1');
  expect(await obtain()).toBe(join(cache, name));
  expect(said).toEqual([]);
});

test('without a download, Go builds the CLI into the cache and its own caches go', async () => {
  await program(
    'go',
    `[ "$1" = version ] || { /bin/mkdir -p "$GOBIN"; echo x > "$GOCACHE"; ${writeTemporal(current)}; }`,
  );
  expect(await obtain()).toBe(join(cache, name));
  expect(await readdir(cache)).toEqual([name]);
  expect(said.join('\n')).toMatch(/building Temporal 1\.5\.1 with Go/);
});

test('a binary that does not run gets no place in the cache, and every way that failed is told', async () => {
  await program('go', `[ "$1" = version ] || { /bin/mkdir -p "$GOBIN"; ${writeTemporal('exit 3')}; }`);
  const failure = (await obtain().catch((error: unknown) => error)) as HoldfastError;
  expect(failure.type).toBe('TemporalUnreachable');
  expect(failure.message).toMatch(/temporal on PATH: not there; download: .+; go install: /s);
  expect(failure.remedy).toContain('install the Temporal CLI');
  expect(await readdir(cache)).toEqual([]);
});

test("a build's own last words are told", async () => {
  await program(
    'go',
    '[ "$1" = version ] || { echo "go: first" >&2; echo "go: no such module" >&2; exit 1; }',
  );
  await expect(obtain()).rejects.toThrow('go install: go: no such module');
});

test('a cache that cannot be written to is told', async () => {
  await writeFile(join(folder, 'file'), '');
  cache = join(folder, 'file', 'cache');
  await expect(obtain()).rejects.toThrow(/the cache .*file.cache: E/);
  expect(existsSync(cache)).toBe(false);
});

/** With only our own programs on PATH, and the proxy a port where nobody listens. */
async function obtain(): Promise<string> {
  const env = { PATH: join(folder, 'bin'), HOLDFAST_CACHE_DIR: cache, HTTPS_PROXY: 'http://127.0.0.1:1' };
  return await obtainTemporal({ onProgress: (line) => said.push(line), env });
}

async function program(file: string, script: string, where = join(folder, 'bin')): Promise<void> {
  await mkdir(where, { recursive: true });
  await writeFile(join(where, file), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function cached(script: string): Promise<void> {
  await program(name, script, cache);
}

/** Shell that writes a program named temporal, which runs `script`, as `go install` would. */
function writeTemporal(script: string): string {
  return `echo '#!/bin/sh' > "$GOBIN/temporal"; echo "${script}" >> "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal"`;
}
