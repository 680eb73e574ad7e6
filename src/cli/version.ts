import { readFileSync } from 'node:fs';

const packageFile = new URL('../../../package.json', import.meta.url);
const parsed: unknown = JSON.parse(readFileSync(packageFile, 'utf8'));

/** Holdfast's own version, from its package.json. */
export const version =
  typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
