import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { fillEmptyMaps, findProblems } from './check-file.js';
import type { Problem } from './problem.js';
import type { FileSettings } from './schema/file.js';

export type SettingPath = readonly PropertyKey[];

export interface FileReading {
  settings: FileSettings;
  /** Folder against which the file's relative paths stand. */
  folder: string;
  /** `/path/holdfast.yaml:12`. */
  originOf(path: SettingPath): string;
  problems: Problem[];
}

/** Reads `file`, or holdfast.yaml in the working folder if there is one. */
export async function readSettingsFile(cwd: string, file?: string): Promise<FileReading> {
  const path = file === undefined ? join(cwd, 'holdfast.yaml') : resolve(cwd, file);
  const nothing = { settings: {}, folder: dirname(path), originOf: () => path, problems: [] };
  try {
    return parseSettings(path, await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (file === undefined && error.code === 'ENOENT') return nothing;
    const field = file === undefined ? 'holdfast.yaml' : '--config';
    return {
      ...nothing,
      problems: [{ field, complaint: error.message, allowed: 'a readable file', origin: path }],
    };
  }
}

function parseSettings(path: string, source: string): FileReading {
  const lines = new LineCounter();
  // Pretty errors quote lines of the file, and with them what may be a password.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  const originOf = (setting: SettingPath) => at(offsetOf(document, setting));
  const reading = { settings: {}, folder: dirname(path), originOf };

  const broken = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    field: 'YAML',
    complaint: message,
    allowed: 'one well-formed YAML document',
    origin: at(pos[0]),
  }));
  if (broken.length > 0) return { ...reading, problems: broken };
  const plain = toPlain(document);
  if (plain instanceof Error) {
    return {
      ...reading,
      problems: [{ field: 'YAML', complaint: plain.message, allowed: 'fewer aliases', origin: path }],
    };
  }
  return { ...reading, ...findProblems(fillEmptyMaps(plain), originOf) };
}

function toPlain(document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Where the key of a setting stands; that of the nearest one above where the setting is not in the file. */
function offsetOf(document: Document.Parsed, path: SettingPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const name of path) {
    if (isSeq(node)) {
      node = node.items[Number(name)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
    if (!pair || !isScalar(pair.key)) break;
    offset = pair.key.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}
