import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ComposeFile, composeFile, projectFile } from './compose.js';

/** A service of docker-compose.yml as it is run without a container: everything but the program itself. */
export interface NativeService {
  args: string[];
  env: Record<string, string>;
  healthcheck: string[];
}

/**
 * Takes a service from docker-compose.yml. `addresses` says what stands here for each of its addresses; for its file
 * system `folder` does: named volumes are folders in it, mounted files copies.
 */
export async function nativeService(
  name: keyof ComposeFile['services'],
  folder: string,
  addresses: Record<string, string>,
): Promise<NativeService> {
  const service = (await composeFile()).services[name];
  if (!service) throw new Error(`there is no service ${name}`);
  const mounts = (service.volumes ?? []).map((volume) => volume.split(':'));
  const places = Object.fromEntries(mounts.map(([, target = '']) => [target, join(folder, target)]));
  const translate = replacing({ ...addresses, ...places });
  for (const [source = '', target = ''] of mounts) {
    const place = join(folder, target);
    const isFile = source.startsWith('.');
    await mkdir(isFile ? dirname(place) : place, { recursive: true });
    if (isFile) await writeFile(place, translate(await projectFile(source)));
  }
  const given = { ...(service.build ? await environmentOfImage() : {}), ...service.environment };
  return {
    args: (service.command ?? []).map(translate),
    env: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, translate(value)])),
    healthcheck: (service.healthcheck?.test ?? []).slice(1).map(translate),
  };
}

/** Replaces what is found by what stands for it; of two that fit, the longer. */
function replacing(replacements: Record<string, string>): (text: string) => string {
  const found = Object.keys(replacements).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(found.map((text) => text.replace(/[.\\/]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, (each) => replacements[each] ?? each);
}

/** What `ENV` of the Dockerfile sets. */
async function environmentOfImage(): Promise<Record<string, string>> {
  const lines = [...(await projectFile('Dockerfile')).matchAll(/^ENV (.+)$/gm)].map(([, line = '']) => line);
  const pairs = lines.flatMap((line) => line.split(' ')).map((pair) => pair.split('='));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}
