import { readCatalogue, tellCatalogue } from './catalogue.js';
import type { CommandContext } from './context.js';
import { printable } from './output/format.js';

export interface ListOptions {
  cluster?: string;
  limit?: number;
}

/** `holdfast list [DATABASE]`: the catalogue, newest first. */
export async function listCommand(
  context: CommandContext,
  database: string | undefined,
  options: ListOptions,
) {
  const { output, config } = context;
  const catalogue = await readCatalogue(context, { database, ...options });
  const what = database === undefined ? 'no backups' : `no backups of ${printable(database)}`;
  if (output.json) output.printJson(catalogue);
  else tellCatalogue(output, catalogue, `${what} in ${config.backupDir}`);
  return 0;
}
