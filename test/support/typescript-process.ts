import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A process to be killed in a test. */
export interface TypeScriptProcess {
  pid: number;
  /** The first line it printed. */
  line: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a Node process that has the exports of `file` (TypeScript, relative to the root) in scope as `module`,
 * runs `script` (JavaScript with top-level await), and goes on until it is killed. Resolves with its first line.
 */
export async function startTypeScript(
  file: string,
  script: string,
  env?: NodeJS.ProcessEnv,
): Promise<TypeScriptProcess> {
  const program = `
    const { createServer } = await import('vite');
    const vite = await createServer({
      root: ${JSON.stringify(root)}, configFile: false, logLevel: 'error', appType: 'custom',
      server: { middlewareMode: true, hmr: false, ws: false, watch: null }, optimizeDeps: { noDiscovery: true },
    });
    // Stays open for what the module imports later.
    const module = await vite.ssrLoadModule(${JSON.stringify(file)});
    setInterval(() => {}, 60_000);
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!output.includes('\n')) {
    const finished = await Promise.race([
      ended.then(() => true),
      once(child.stdout, 'data').then(() => false),
    ]);
    if (finished && !output.includes('\n'))
      throw new Error(`the process ended before it printed a line: ${output}`);
  }
  return {
    pid: child.pid ?? 0,
    line: output.slice(0, output.indexOf('\n')),
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
