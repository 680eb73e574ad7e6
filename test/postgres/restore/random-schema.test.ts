import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quoteIdentifier } from '../../../src/postgres/quote.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { randomSchema } from './random-schema.js';
import { schemaRoles } from './random-words.js';
import { comparable, dumpOf, stage } from './restore-support.js';
import { settings } from './swap/swap-support.js';

/** Few in the suite; `HOLDFAST_TEST_SCHEMAS=500` to search. */
const runs = Number(process.env.HOLDFAST_TEST_SCHEMAS ?? 5);

let cluster: Cluster;
let count = 0;
let asked = 0;
const refusals: string[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  for (const role of schemaRoles) await cluster.psql(`CREATE ROLE ${quoteIdentifier(role)}`);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test(`RS-3: ${runs} random schemas dump byte for byte the same before and after they were restored`, {
  timeout: 120_000 + runs * 30_000,
}, async () => {
  await fc.assert(fc.asyncProperty(randomSchema, roundTrip), {
    numRuns: runs,
    // A seed is told at once; to look for the least schema that fails takes the time of a search.
    endOnFailure: runs <= 20,
  });
  expect(refusals.length, refusals.slice(0, 5).join('\n')).toBeLessThan(asked / 10);
});

/** Makes what PostgreSQL takes of it: two random names may meet, and then there is one object less. */
async function make(database: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ ...settings(cluster), database });
  await client.connect();
  try {
    for (const statement of statements) {
      asked += 1;
      await client.query(statement).catch((error: unknown) => refusals.push(`${error}: ${statement}`));
    }
  } finally {
    await client.end();
  }
}

async function roundTrip(statements: string[]): Promise<void> {
  const database = `random${++count}`;
  await cluster.createDatabase(database);
  await make(database, statements);
  const { staging, dump, warnings } = await stage(cluster, database);
  expect(warnings).toEqual([]);
  expect(comparable(await dumpOf(cluster, staging.name))).toBe(comparable(dump));
  await cluster.psql(`DROP DATABASE ${database}; DROP DATABASE ${quoteIdentifier(staging.name)}`);
}
