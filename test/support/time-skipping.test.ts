import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createTimeSkippingEnvironment } from './time-skipping.js';
import { isAlive, startTypeScript } from './typescript-process.js';

test('a workflow that sleeps an hour ends at once', async () => {
  const environment = await createTimeSkippingEnvironment();
  try {
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'naps',
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: fileURLToPath(new URL('./nap-workflow.ts', import.meta.url)),
        logger: new DefaultLogger('WARN'),
      }),
    });
    const run = environment.client.workflow.execute('nap', { workflowId: 'nap', taskQueue: 'naps' });
    expect(await worker.runUntil(run)).toBe('awake');
  } finally {
    await environment.teardown();
  }
});

test('a test run that is killed leaves no time-skipping server', async () => {
  const run = await startTypeScript(
    './test/support/time-skipping.ts',
    "await module.createTimeSkippingEnvironment(); console.log('up');",
  );
  const [server] = execFileSync('pgrep', ['-P', String(run.pid), '-f', 'TestServer|test-server'], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .map(Number);
  if (!server) throw new Error('the server has no process');
  await run.kill('SIGKILL');
  await expect.poll(() => isAlive(server)).toBe(false);
});
