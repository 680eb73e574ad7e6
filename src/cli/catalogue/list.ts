import type { CommandContext } from '../context.js';
import { noBackups, readCatalogue, tellCatalogue } from './read-catalogue.js';

export interface ListOptions {
  cluster?: string;
  limit?: number;
  since?: string;
  until?: string;
}

/** `holdfast list [DATABASE]`: the catalogue, newest first. */
export async function listCommand(
  context: CommandContext,
  database: string | undefined,
  options: ListOptions,
) {
  const { output } = context;
  const catalogue = await readCatalogue(context, { database, ...options });
  if (output.json) output.printJson(catalogue);
  else tellCatalogue(output, catalogue, noBackups(context.config, { database, ...options }));
  return 0;
}
