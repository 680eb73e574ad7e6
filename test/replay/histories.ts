import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/** Histories of runs as earlier versions of the workflows wrote them, as Temporal's protobuf message `History`. */
export const historiesFolder = fileURLToPath(new URL('histories', import.meta.url));

type RecordedHistory = proto.temporal.api.history.v1.IHistory;

export async function writeHistory(name: string, history: RecordedHistory): Promise<void> {
  await mkdir(historiesFolder, { recursive: true });
  await writeFile(join(historiesFolder, `${name}.history`), History.encode(history).finish());
}

export async function readHistory(file: string): Promise<RecordedHistory> {
  return History.decode(await readFile(join(historiesFolder, file)));
}
