import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drillOf } from '../../src/config/fleet.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
beforeEach(async () => {
  folder = await createWorkingFolder();
});
afterEach(() => folder.remove());

test('a database is drilled as it says itself, else as its cluster, else as all', async () => {
  await folder.write(
    'holdfast.yaml',
    `parallelPerHost: 3
defaults:
  drill: {on: scratch, folder: drills}
  backups: {parallel: 4}
clusters:
  main:
    drill: {globals: true}
    backups: {include: ["shop*"], exclude: [shop_tmp]}
    databases:
      huge: {drill: {enabled: false}}
      near: {drill: {on: main}}
  scratch: {}
`,
  );
  const { clusters, parallelPerHost, origins } = await folder.load();
  expect(parallelPerHost).toBe(3);
  const main = clusters.main;
  if (!main) throw new Error('the cluster is missing');
  expect(main.drill).toEqual({
    ...{ enabled: true, on: 'scratch', globals: true, pointInTime: true },
    folder: join(folder.path, 'drills'),
  });
  expect(main.backups).toEqual({ include: ['shop*'], exclude: ['shop_tmp'], parallel: 4 });
  expect(drillOf(main, 'shop')).toEqual({ enabled: true, on: 'scratch' });
  expect(drillOf(main, 'huge')).toEqual({ enabled: false, on: 'scratch' });
  expect(drillOf(main, 'near')).toEqual({ enabled: true, on: 'main' });
  expect(drillOf(main, '__proto__')).toEqual({ enabled: true, on: 'scratch' });
  expect(origins).toMatchObject({
    'clusters.main.drill.on': join(folder.path, 'holdfast.yaml:3'),
    'clusters.main.drill.globals': join(folder.path, 'holdfast.yaml:7'),
    'clusters.main.drill.pointInTime': 'default',
    'clusters.main.databases.near.drill.on': join(folder.path, 'holdfast.yaml:11'),
  });
});

test('a drill on a cluster that is none is refused, wherever it is written', async () => {
  await folder.write(
    'holdfast.yaml',
    'clusters: {main: {drill: {on: scrach}, databases: {shop: {drill: {on: elsewhere}}}}, scratch: {}}\n',
  );
  const at = `read from ${join(folder.path, 'holdfast.yaml')}:1`;
  expect(await folder.problems()).toEqual([
    `clusters.main.drill.on: had "scrach"; allowed: a cluster of these settings: main, scratch; ${at}`,
    `clusters.main.databases.shop.drill.on: had "elsewhere"; allowed: a cluster of these settings: main, scratch; ${at}`,
  ]);
});
