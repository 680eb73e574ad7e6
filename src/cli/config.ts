import { configJsonSchema } from '../config/schema/file.js';
import { describeConfig, renderConfig } from '../config/show.js';
import type { CommandContext } from './context.js';

/** `holdfast config show`: the settings in force, secrets masked. */
export async function configShowCommand({ config, output }: CommandContext): Promise<number> {
  if (output.json) output.printJson(describeConfig(config));
  else output.print(renderConfig(config));
  for (const warning of config.warnings) output.warn(warning);
  return 0;
}

/** `holdfast config schema`: the JSON Schema of holdfast.yaml. */
export async function configSchemaCommand({ output }: CommandContext): Promise<number> {
  output.printJson(configJsonSchema());
  return 0;
}
