import { type ArtifactName, artifactSuffix, parseArtifactName } from '../domain/backup/names.js';

/** What the files of one backup end in, after its id; the artifact's suffixes are in the domain. */
export const metadataSuffix = '.meta';
export const globalsSuffix = '.globals.sql.gz';
/** Of the file that says that somebody keeps it by hand. */
export const keepSuffix = '.keep';

/** What an id says: database and time; undefined when it is not the id of a full backup. */
export function parseBackupId(id: string): ArtifactName | undefined {
  return id.includes('\0') ? undefined : parseArtifactName(`${id}${artifactSuffix.gzip}`);
}

/** The database's part of an id, still encoded. */
export function encodedDatabaseOf(id: string): string {
  return id.slice(0, -'_full_YYYYMMDD_HHMMSS'.length);
}

/** The id that a file name of a backup begins with: an artifact, a `.meta`, globals, or the bare id. */
export function idOfFile(name: string): string {
  const suffixes = [globalsSuffix, metadataSuffix, ...Object.values(artifactSuffix)];
  const suffix = suffixes.find((candidate) => name.endsWith(candidate));
  return suffix === undefined ? name : name.slice(0, -suffix.length);
}

/** Names that the artifact of `id` can have. */
export function artifactNamesOf(id: string): string[] {
  return Object.values(artifactSuffix).map((suffix) => `${id}${suffix}`);
}

/** Whether the files of `id` are of `database`; scripts put its name there as it was. */
export function isIdOfDatabase(id: string, database: string): boolean {
  const parsed = parseBackupId(id);
  return parsed !== undefined && (parsed.database === database || encodedDatabaseOf(id) === database);
}

/** Orders ids by their timestamps, newest first. */
export function newestIdFirst(a: string, b: string): number {
  const [timestampA, timestampB] = [a.slice(-15), b.slice(-15)];
  if (timestampA !== timestampB) return timestampA < timestampB ? 1 : -1;
  return a < b ? -1 : 1;
}
