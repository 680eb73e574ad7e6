import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
beforeEach(async () => {
  folder = await createWorkingFolder();
});
afterEach(() => folder.remove());

test('metrics are served nowhere by default, at the address of the file, or of the environment above it', async () => {
  expect((await folder.load({})).metricsAddress).toBeUndefined();
  await folder.write('holdfast.yaml', 'metrics: { address: "127.0.0.1:9464" }\n');
  expect((await folder.load({})).metricsAddress).toBe('127.0.0.1:9464');
  expect((await folder.load({ METRICS_ADDRESS: '' })).metricsAddress).toBe('127.0.0.1:9464');
  expect((await folder.load({ METRICS_ADDRESS: 'db1.example:9999' })).metricsAddress).toBe(
    'db1.example:9999',
  );
});

test.each(['[::1]:9464', '0.0.0.0:0', 'localhost:65535'])('%s is an address', async (address) => {
  expect((await folder.load({ METRICS_ADDRESS: address })).metricsAddress).toBe(address);
});

test.each(['9464', ':9464', 'localhost', '::1:9464', 'localhost:65536', 'http://localhost:9464'])(
  '%s is refused',
  async (address) => {
    await expect(folder.load({ METRICS_ADDRESS: address })).rejects.toThrow(/METRICS_ADDRESS.*host:port/s);
  },
);
