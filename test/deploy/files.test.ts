import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { scratchFolder } from '../repository/support/scratch.js';
import { composeFile, projectFile, projectFolder } from '../support/compose.js';
import { holdfastPath } from '../support/holdfast.js';

test('the compose file has the five services, each with a version, a health check and ports of this machine alone', async () => {
  const { services } = await composeFile();
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
  const { services, volumes } = await composeFile();
  const sources = Object.values(services).flatMap((service) =>
    (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
  );
  const [files, named] = [
    sources.filter((one) => one.startsWith('.')),
    sources.filter((one) => !one.startsWith('.')),
  ];
  expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort());
  for (const file of files) {
    expect(existsSync(join(projectFolder, file)), file).toBe(true);
  }
  expect(files.length).toBe(5);
});

test('the metrics that Prometheus asks the worker for are where the worker serves them', async () => {
  const { services } = await composeFile();
  const { scrape_configs } = parse(await projectFile('deploy/compose/prometheus.yml')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const [host, port] = (scrape_configs[0]?.static_configs[0]?.targets[0] ?? '').split(':');
  expect(services[host ?? '']?.environment?.METRICS_ADDRESS).toBe(`0.0.0.0:${port}`);
  const sources = parse(await projectFile('deploy/compose/grafana-datasources.yml')) as {
    datasources: { url: string }[];
  };
  expect(Object.keys(services)).toContain(new URL(sources.datasources[0]?.url ?? '').hostname);
});

interface Dashboard {
  uid: string;
  templating: { list: { name: string; type: string; query: unknown }[] };
  panels: { id: number; title: string; datasource?: { type: string; uid: string } }[];
}

test('Grafana is given a source of the kind that the dashboard asks, and the dashboard where it looks', async () => {
  const { services } = await composeFile();
  const mounted = (services.grafana?.volumes ?? []).map((volume) => volume.split(':'));
  const source = (end: string) => mounted.find(([, target = '']) => target.endsWith(end))?.[0] ?? '';
  const { providers } = parse(await projectFile(source('provisioning/dashboards/holdfast.yml'))) as {
    providers: { type: string; options: { path: string } }[];
  };
  const { datasources } = parse(await projectFile(source('provisioning/datasources/holdfast.yml'))) as {
    datasources: { type: string; isDefault: boolean }[];
  };
  const dashboard = source(`${providers[0]?.options.path}/holdfast.json`);
  const { uid, templating, panels } = JSON.parse(await projectFile(dashboard)) as Dashboard;
  const variable = templating.list.find(({ type }) => type === 'datasource');
  expect({ uid, providers, datasources, variable }).toMatchObject({
    uid: 'holdfast',
    providers: [{ type: 'file' }],
    datasources: [{ type: 'prometheus', isDefault: true }],
    variable: { name: 'datasource', query: 'prometheus' },
  });
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const chosen = `$\{${variable?.name}}`;
  for (const { title, datasource } of panels) expect(datasource?.uid ?? chosen, title).toBe(chosen);
});

/** `holdfast …` as units, images and the compose file start it. */
async function commandsOfServices(): Promise<string[][]> {
  const units = (await readdir(join(projectFolder, 'deploy/systemd'))).filter((name) =>
    name.endsWith('.service'),
  );
  const ofUnits = units.map(async (name) => {
    const [, args = ''] = /^ExecStart=\S+ (.+)$/m.exec(await projectFile(`deploy/systemd/${name}`)) ?? [];
    return args.split(' ');
  });
  const { services } = await composeFile();
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
  for (const name of await readdir(join(projectFolder, 'deploy/systemd'))) {
    // The program is not installed where the units have it.
    const unit = (await projectFile(`deploy/systemd/${name}`)).replace(
      '/usr/local/bin/holdfast',
      process.execPath,
    );
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
  const lines = (await projectFile('Dockerfile')).split('\n');
  const built = lines.indexOf('FROM node:22-bookworm-slim');
  expect(built).toBeGreaterThan(0);
  const ignored = (await projectFile('.dockerignore')).trim().split('\n');
  const copied = (from: number, to?: number) =>
    lines.slice(from, to).flatMap((line) => {
      const [, args] = /^COPY (?!--)(.+)$/.exec(line) ?? [];
      return args === undefined ? [] : args.split(' ').slice(0, -1);
    });
  expect(copied(0).filter((path) => ignored.includes(path))).toEqual([]);
  for (const path of copied(0, built))
    await cp(join(projectFolder, path), join(folder, path), { recursive: true });
  await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  await execa('npm', ['run', 'build'], { cwd: folder });
  const image = join(folder, 'image');
  await mkdir(image);
  await cp(join(folder, 'dist'), join(image, 'dist'), { recursive: true });
  for (const path of copied(built))
    await cp(join(projectFolder, path), join(image, path), { recursive: true });
  await symlink(join(projectFolder, 'node_modules'), join(image, 'node_modules'));
  const { stdout } = await execa(join(image, 'dist/holdfast.cjs'), ['config', 'show'], { cwd: image });
  expect(stdout).toContain('backupDir');
});
