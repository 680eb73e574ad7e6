import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The project's folder. */
export const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

/** A service of docker-compose.yml, as far as tests look at it. */
export interface ComposeService {
  image?: string;
  build?: string;
  hostname?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
}

/** Text of a file of the project. */
export function projectFile(path: string): Promise<string> {
  return readFile(join(projectFolder, path), 'utf8');
}

/** docker-compose.yml, its variables as they stand where nobody set them. */
export async function composeFile(): Promise<ComposeFile> {
  const set = (_: unknown, value: unknown) =>
    typeof value === 'string' ? value.replace(/\$\{\w+:-([^}]*)\}/g, '$1') : value;
  return parse(await projectFile('docker-compose.yml'), set) as ComposeFile;
}
