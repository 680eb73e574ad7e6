import { readFileSync } from 'node:fs';
import { packagePath } from './package-root.js';

const parsed: unknown = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'));

/** Holdfast's own version, from its package.json. */
export const version =
  typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
