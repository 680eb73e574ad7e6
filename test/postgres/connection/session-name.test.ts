import { expect, test } from 'vitest';
import { sessionName } from '../../../src/postgres/connection/session-name.js';

test('a run’s id stands in the session’s name', () => {
  const id = '0193f1c2-8d6e-7b1a-9c55-5f1f6c7d8e9f';
  expect(sessionName(id)).toBe(`holdfast ${id}`);
});

test('tags that PostgreSQL would cut or change stay apart', () => {
  const long = 'x'.repeat(80);
  const names = [long, `${long}y`, 'ü', 'ö', 'a\nb'].map(sessionName);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^holdfast [0-9a-f]{40}$/);
});
