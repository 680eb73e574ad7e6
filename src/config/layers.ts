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

type Defined<Settings> = { [Key in keyof Settings]: Exclude<Settings[Key], undefined> };

/** Without the settings that are undefined. */
export function defined<Settings extends object>(settings: Settings): Defined<Settings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Defined<Settings>;
}
