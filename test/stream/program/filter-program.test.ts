import { expect, test } from 'vitest';
import { startTypeScript } from '../../support/typescript-process.js';

test('a program for whose pipes there is no room fails like one that could not be started, and nothing else does', async () => {
  const worker = await startTypeScript(
    'src/stream/program/filter-program.ts',
    `const { execFileSync } = await import('node:child_process');
     execFileSync('prlimit', ['--nofile=10:10', '--pid', String(process.pid)]);
     try {
       module.startFilter({ path: '/bin/cat', args: [] }, new AbortController().signal);
       console.log('started');
     } catch ({ name, message, notByInput }) {
       setTimeout(() => console.log(JSON.stringify({ name, message, notByInput })), 100);
     }`,
  );
  await worker.kill();
  expect(JSON.parse(worker.line)).toEqual({
    name: 'FilterFailed',
    message: '/bin/cat could not be started: too many files are open',
    notByInput: true,
  });
});
