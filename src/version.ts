import { existsSync, readFileSync } from 'node:fs';

/** Above the sources, and above what is compiled of them. */
const packageFile = ['../package.json', '../../package.json']
  .map((path) => new URL(path, import.meta.url))
  .find(existsSync);
const parsed: unknown = packageFile ? JSON.parse(readFileSync(packageFile, 'utf8')) : undefined;

/** Holdfast's own version, from its package.json. */
export const version =
  typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
