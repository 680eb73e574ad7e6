import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { type ComposeFile, composeFile } from '../support/compose.js';

/** What the Compose Specification has against a file. */
let refusals: (file: unknown) => string[];
let file: ComposeFile;

beforeAll(async () => {
  const path = new URL('compose-spec/compose-spec.json', import.meta.url);
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8')) as object);
  refusals = (given) =>
    validate(given) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  file = await composeFile();
});

test('the compose file is as the Compose Specification has it', () => {
  expect(refusals(file)).toEqual([]);
});

test.each([
  ['a key of a service', 'worker', { restarts: 'always' }, '/services/worker '],
  [
    'a key of a health check',
    'postgres',
    { healthcheck: { every: '2s' } },
    '/services/postgres/healthcheck ',
  ],
  ['a condition', 'grafana', { depends_on: { prometheus: { condition: 'well' } } }, '/condition '],
  ['a form of a port', 'temporal', { ports: [{ port: 8233 }] }, '/services/temporal/ports/0 '],
])('%s that there is none of is refused', (_, service, wrong, place) => {
  const copy = structuredClone(file);
  Object.assign(copy.services[service] ?? {}, wrong);
  expect(refusals(copy).join('\n')).toContain(place);
});
