import { execa } from 'execa';
import { holdfastPath, type Workplace } from './holdfast.js';

/** What a command writes to a terminal of 100 columns, standard output and error together. */
export async function onTerminal(
  place: Workplace,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const words = [process.execPath, holdfastPath, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const command = `stty cols 100; ${words.join(' ')}`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    env: { ...place.env, TERM: 'xterm', ...env },
    extendEnv: false,
    cwd: place.folder,
    reject: false,
    stdin: 'ignore',
  });
  return stdout.replaceAll('\r\n', '\n');
}
