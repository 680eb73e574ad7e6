import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertionsOf } from '../../src/config/restoring.js';
import { renderConfig } from '../../src/config/show.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
let yamlPath: string;
beforeEach(async () => {
  folder = await createWorkingFolder();
  yamlPath = join(folder.path, 'holdfast.yaml');
});
afterEach(() => folder.remove());

test('a database’s assertions are asked after its cluster’s, answers being text', async () => {
  await folder.write(
    'holdfast.yaml',
    `clusters:
  default:
    assertions:
      - {name: has orders, sql: SELECT count(*) > 0 FROM orders}
    databases:
      shop:
        assertions:
          - {name: rows, sql: "TABLE counts", expected: 300, timeoutSeconds: 5}
          - {name: nothing, sql: " with x as (select null) table x", expected: null}
`,
  );
  const config = await folder.load();
  const found = config.clusters.default;
  if (!found) throw new Error('there is no default cluster');
  const shared = { name: 'has orders', sql: 'SELECT count(*) > 0 FROM orders', expected: 'true' };
  expect(assertionsOf(found, 'other')).toEqual([shared]);
  expect(assertionsOf(found, 'shop')).toEqual([
    shared,
    { name: 'rows', sql: 'TABLE counts', expected: '300', timeoutSeconds: 5 },
    { name: 'nothing', sql: ' with x as (select null) table x', expected: null },
  ]);
  const shown = renderConfig(config);
  expect(shown).toContain(`name: has orders # ${yamlPath}:4`);
  expect(shown).toContain(`expected: "300" # ${yamlPath}:8`);
});

test('whatever is wrong in assertions is listed at once, with its line', async () => {
  await folder.write(
    'holdfast.yaml',
    `clusters:
  default:
    assertions:
      - {name: a, sql: DELETE FROM orders}
      - {sql: SELECT 1, expected: 1.50, timeoutSeconds: 0, query: x}
    databases: {shop: {assertions: SELECT 1}}
`,
  );
  const at = (line: number) => `read from ${yamlPath}:${line}`;
  const list = 'clusters.default.assertions';
  expect((await folder.problems()).sort()).toEqual(
    [
      `${list}.0.sql: had "DELETE FROM orders"; allowed: one SELECT, VALUES, TABLE or WITH; ${at(4)}`,
      `${list}.1.name: allowed: a name; ${at(5)}`,
      `${list}.1.expected: had 1.5; allowed: a text, a whole number, true, false, or null; any other number in quotes; ${at(5)}`,
      `${list}.1.timeoutSeconds: had 0; allowed: a whole number from 1 to 86400; ${at(5)}`,
      `${list}.1.query: unknown key; had "x"; allowed: name, sql, expected, timeoutSeconds; ${at(5)}`,
      `clusters.default.databases.shop.assertions: had "SELECT 1"; allowed: a list of assertions; ${at(6)}`,
    ].sort(),
  );
});
