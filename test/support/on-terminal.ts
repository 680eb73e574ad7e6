import { execa } from 'execa';
import { holdfastPath, type Workplace } from './holdfast.js';

/** What a command writes to a terminal of 100 columns, standard output and error together. */
export async function onTerminal(
  place: Workplace,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await execa('script', scriptArguments(args), {
    ...optionsOf(place, env),
    stdin: 'ignore',
  });
  return stdout.replaceAll('\r\n', '\n');
}

/** The same for a command that asks: whenever it prints the first text left in `answers`, the keys beside it are typed. */
export async function typedOnTerminal(
  place: Workplace,
  args: readonly string[],
  answers: [asked: string, keys: string][],
): Promise<{ exitCode: number | undefined; shown: string }> {
  const child = execa('script', scriptArguments(args), { ...optionsOf(place), stdin: 'pipe' });
  const left = [...answers];
  let fresh = '';
  child.stdout.on('data', (text: Buffer) => {
    fresh += text;
    const [asked, keys] = left[0] ?? [];
    if (asked === undefined || keys === undefined || !fresh.includes(asked)) return;
    left.shift();
    fresh = '';
    child.stdin.write(keys);
  });
  const { stdout, exitCode } = await child;
  return { exitCode, shown: stdout.replaceAll('\r\n', '\n') };
}

function scriptArguments(args: readonly string[]): string[] {
  const words = [process.execPath, holdfastPath, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return ['-qec', `stty cols 100; ${words.join(' ')}`, '/dev/null'];
}

function optionsOf(place: Workplace, env: Record<string, string> = {}) {
  const all = { ...place.env, TERM: 'xterm', ...env };
  return { env: all, extendEnv: false, cwd: place.folder, reject: false } as const;
}
