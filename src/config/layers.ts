import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import type { VariableName, Variables } from './schema/environment.js';

/** Settings from one place, as the places stand above each other: environment, file, defaults. */
export interface Layer<Settings> {
  settings: Settings;
  /** The setting's name as it is written there. */
  fieldOf(key: keyof Settings & string): string;
  originOf(key: keyof Settings & string): string;
}

/** A setting's value and where it was read. */
export interface Found<Value> {
  value: Value;
  field: string;
  origin: string;
}

/** The first layer's value that has one. */
export function find<Settings, Key extends keyof Settings & string>(
  layers: readonly Layer<Settings>[],
  key: Key,
): Found<NonNullable<Settings[Key]>> | undefined {
  const layer = layers.find(({ settings }) => settings[key] !== undefined);
  const value = layer?.settings[key];
  if (!layer || value === undefined || value === null) return undefined;
  return { value, field: layer.fieldOf(key), origin: layer.originOf(key) };
}

/** Variables of the environment whose values a setting can have. */
type VariableFor<Value> = {
  [Name in VariableName]: Variables[Name] extends Value ? Name : never;
}[VariableName];

/** By which variable of the environment each setting is given. */
export type VariablesOf<Settings> = { [Key in keyof Settings & string]-?: VariableFor<Settings[Key]> };

/** What the environment says, by the variable of each setting. */
export function layerOfEnvironment<Settings>(
  variables: VariablesOf<Settings>,
  { settings, originOf }: EnvironmentReading,
): Layer<Settings> {
  const given = Object.entries<VariableName>(variables).map(([key, name]) => [key, settings[name]]);
  return {
    settings: Object.fromEntries(given) as Settings,
    fieldOf: (key) => variables[key],
    originOf: (key) => originOf(variables[key]),
  };
}

/** What holdfast.yaml says below a path. */
export function layerOfFile<Settings>(
  prefix: readonly string[],
  settings: Settings,
  file: Pick<FileReading, 'originOf'>,
): Layer<Settings> {
  return {
    settings,
    fieldOf: (key) => [...prefix, key].join('.'),
    originOf: (key) => file.originOf([...prefix, key]),
  };
}

type Defined<Settings> = { [Key in keyof Settings]: Exclude<Settings[Key], undefined> };

/** Without the settings that are undefined. */
export function defined<Settings extends object>(settings: Settings): Defined<Settings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Defined<Settings>;
}
