import { rolesSql } from '../domain/roles-sql.js';
import type { CommandContext } from './context.js';

export interface InitOptions {
  printRoles?: boolean;
}

/** `holdfast init`: sets a machine up. */
export async function initCommand({ output }: CommandContext, options: InitOptions): Promise<number> {
  if (options.printRoles) output.print(rolesSql());
  return 0;
}
