import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Document } from 'yaml';
import { type CrontabProposal, type JudgedLine, proposeFrom } from '../../config/crontab/propose.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import type { CommandContext } from '../context.js';
import { counted, printable } from '../output/format.js';

/** `holdfast schedule import-crontab`: what a crontab does for backups, as a proposal for holdfast.yaml. */
export async function importCrontabCommand({ output }: CommandContext, file: string): Promise<number> {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const found = proposeFrom(await readSource(file), zone);
  const taken = found.lines.filter(({ verdict }) => verdict === 'taken').length;
  if (output.json) output.printJson(found);
  else output.print(rendered(found, file));
  const unclear = found.lines.filter(({ verdict }) => verdict === 'not understood').length;
  if (unclear > 0) output.warn(`${counted(unclear, 'line')} not understood: see the comments`);
  if (taken > 0) return 0;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `read the jobs of backups in ${nameOf(file)}`,
    cause: found.lines.length === 0 ? 'there is no job in it' : 'none of its lines is one that is known',
    remedy: 'run `holdfast schedule apply` for the usual schedules, or set them in holdfast.yaml',
  });
}

async function readSource(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: `read crontab ${file}`,
      cause: messageOf(error),
      remedy: 'name a file, or pipe `crontab -l` into `holdfast schedule import-crontab -`',
    });
  }
}

function rendered({ lines, proposal }: CrontabProposal, file: string): string {
  const yaml = new Document(proposal).toString({ lineWidth: 0 }).trimEnd();
  return [
    `# A proposal for holdfast.yaml, from ${printable(nameOf(file))}.`,
    "# Times without CRON_TZ or TZ are read in this machine's time zone. WAL cycles need an archive: `holdfast wal setup`.",
    '#',
    ...lines.map(comment),
    yaml,
  ].join('\n');
}

const marks = { taken: '→', covered: '·', 'not understood': '?', other: '-' } as const;

function comment({ line, text: written, verdict, words }: JudgedLine): string {
  return `# line ${line}: ${printable(written)}\n#   ${marks[verdict]} ${verdict}: ${printable(words)}`;
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}
