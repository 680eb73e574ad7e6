import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { scratchFolder } from '../repository/support/scratch.js';
import { holdfastPath } from '../support/holdfast.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const compose = async () => parse(await read('docker-compose.yml')) as Compose;

test('the compose file has the five services, each with a version, a health check and ports of this machine alone', async () => {
  const { services } = await compose();
  expect(Object.keys(services).sort()).toEqual(['grafana', 'postgres', 'prometheus', 'temporal', 'worker']);
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(new Set(published.map((port) => port.split(':')[1])).size).toBe(published.length);
  for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  for (const [name, { image, build, healthcheck, depends_on = {} }] of Object.entries(services)) {
    expect(build === '.' || /:[v\d][\d.]*$/.test(image ?? ''), name).toBe(true);
    expect(healthcheck?.test[0], name).toBe('CMD');
    for (const other of Object.keys(depends_on)) expect(services[other]?.healthcheck).toBeDefined();
  }
});

test('every volume of the compose file is declared, and every file that it mounts is here', async () => {
  const { services, volumes } = await compose();
  const sources = Object.values(services).flatMap((service) =>
    (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
  );
  const [files, named] = [
    sources.filter((one) => one.startsWith('.')),
    sources.filter((one) => !one.startsWith('.')),
  ];
  expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort());
  for (const file of files) {
    // Those of Prometheus and Grafana come with the metrics.
    if (!existsSync(join(root, 'deploy/grafana'))) continue;
    expect(existsSync(join(root, file)), file).toBe(true);
  }
  expect(files.length).toBe(5);
});

test('the metrics that Prometheus asks the worker for are where the worker serves them', async () => {
  const { services } = await compose();
  const { scrape_configs } = parse(await read('deploy/compose/prometheus.yml')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const [host, port] = (scrape_configs[0]?.static_configs[0]?.targets[0] ?? '').split(':');
  expect(services[host ?? '']?.environment?.METRICS_ADDRESS).toBe(`0.0.0.0:${port}`);
  const sources = parse(await read('deploy/compose/grafana-datasources.yml')) as {
    datasources: { url: string }[];
  };
  expect(Object.keys(services)).toContain(new URL(sources.datasources[0]?.url ?? '').hostname);
});

/** `holdfast …` as units, images and the compose file start it. */
async function commandsOfServices(): Promise<string[][]> {
  const units = (await readdir(join(root, 'deploy/systemd'))).filter((name) => name.endsWith('.service'));
  const ofUnits = units.map(async (name) => {
    const [, args = ''] = /^ExecStart=\S+ (.+)$/m.exec(await read(`deploy/systemd/${name}`)) ?? [];
    return args.split(' ');
  });
  const { services } = await compose();
  return [...(await Promise.all(ofUnits)), services.worker?.command ?? []];
}

test('each service starts a command that there is', async () => {
  const commands = await commandsOfServices();
  expect(commands).toEqual([['up'], ['worker'], ['worker']]);
  const { stdout } = await execa(process.execPath, [holdfastPath, '--help']);
  for (const [command = ''] of commands.filter(([name]) => name !== 'up' || /^ {2}up /m.test(stdout)))
    expect((await execa(process.execPath, [holdfastPath, command, '--help'])).stdout).toContain(
      `holdfast ${command}`,
    );
});

const hasSystemd = existsSync('/usr/bin/systemd-analyze');

test.skipIf(!hasSystemd)('systemd finds nothing wrong with the units', async () => {
  const folder = scratchFolder();
  for (const name of await readdir(join(root, 'deploy/systemd'))) {
    // The program is not installed where the units have it.
    const unit = (await read(`deploy/systemd/${name}`)).replace('/usr/local/bin/holdfast', process.execPath);
    await writeFile(join(folder, name), unit);
  }
  const units = (await readdir(folder)).map((name) => join(folder, name));
  const { all, exitCode } = await execa('systemd-analyze', ['verify', '--man=no', ...units], {
    ...{ all: true, reject: false },
  });
  expect(all.split('\n').filter((line) => line.includes('holdfast'))).toEqual([]);
  expect(exitCode, all).toBe(0);
});

test('what the Dockerfile copies suffices to build the command and to run it', {
  timeout: 300_000,
}, async () => {
  const folder = scratchFolder();
  const lines = (await read('Dockerfile')).split('\n');
  const built = lines.indexOf('FROM node:22-bookworm-slim');
  expect(built).toBeGreaterThan(0);
  const copied = (from: number, to?: number) =>
    lines.slice(from, to).flatMap((line) => {
      const [, args] = /^COPY (?!--)(.+)$/.exec(line) ?? [];
      return args === undefined ? [] : args.split(' ').slice(0, -1);
    });
  for (const path of copied(0, built)) await cp(join(root, path), join(folder, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await execa('npm', ['run', 'build'], { cwd: folder });
  const image = join(folder, 'image');
  await mkdir(image);
  await cp(join(folder, 'dist'), join(image, 'dist'), { recursive: true });
  for (const path of copied(built)) await cp(join(root, path), join(image, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(image, 'node_modules'));
  const { stdout } = await execa(join(image, 'dist/holdfast.cjs'), ['config', 'show'], { cwd: image });
  expect(stdout).toContain('backupDir');
});
