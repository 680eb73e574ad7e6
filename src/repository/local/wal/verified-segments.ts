import { join } from 'node:path';
import * as z from 'zod';
import { isFolder, readText, statFile } from '../../../files/real-file.js';
import { writeWhole } from '../../../files/write-whole.js';
import { makeFolder } from '../prepare.js';
import type { ListedFile } from './list-archive.js';
import type { WalLayout } from './wal-layout.js';

/** The cluster whose segments were verified. */
export interface VerifiedOf {
  systemIdentifier: string;
  segmentSizeBytes: number;
}

const schema = z.object({
  format_version: z.literal(1),
  system_identifier: z.string(),
  segment_size_bytes: z.number(),
  /** Size in bytes, and time of the last change in milliseconds, by file name. */
  segments: z.record(z.string(), z.tuple([z.number(), z.number()])),
});

/**
 * Which files an earlier run has verified: a file with the same name, size and time counts as the one that was seen.
 * More is not believed of it; without it, or where it can't be read, all is verified again.
 */
export class VerifiedSegments {
  readonly #folder: string;
  readonly #path: string;
  readonly #segments = new Map<string, [number, number]>();

  private constructor(
    layout: WalLayout,
    private readonly of: VerifiedOf,
  ) {
    this.#folder = layout.metadata;
    this.#path = join(layout.metadata, 'verified-segments.json');
  }

  static async read(layout: WalLayout, of: VerifiedOf): Promise<VerifiedSegments> {
    const memory = new VerifiedSegments(layout, of);
    const stored = (await statFile(memory.#path)) && parse(await readText(memory.#path));
    const isOurs =
      stored?.system_identifier === of.systemIdentifier && stored.segment_size_bytes === of.segmentSizeBytes;
    if (isOurs) for (const [file, seen] of Object.entries(stored.segments)) memory.#segments.set(file, seen);
    return memory;
  }

  has({ file, sizeBytes, writtenAtMs }: SeenFile): boolean {
    const seen = this.#segments.get(file);
    return seen !== undefined && seen[0] === sizeBytes && seen[1] === writtenAtMs;
  }

  add({ file, sizeBytes, writtenAtMs }: SeenFile): void {
    this.#segments.set(file, [sizeBytes, writtenAtMs]);
  }

  /** Forgets all but `files`, and stores the rest. */
  async store(files: ReadonlySet<string>): Promise<void> {
    for (const file of this.#segments.keys()) if (!files.has(file)) this.#segments.delete(file);
    const document = {
      format_version: 1,
      system_identifier: this.of.systemIdentifier,
      segment_size_bytes: this.of.segmentSizeBytes,
      segments: Object.fromEntries(this.#segments),
    } satisfies z.infer<typeof schema>;
    if (!(await isFolder(this.#folder))) await makeFolder(this.#folder);
    await writeWhole(this.#path, `${JSON.stringify(document)}\n`);
  }
}

type SeenFile = Pick<ListedFile, 'file' | 'sizeBytes' | 'writtenAtMs'>;

function parse(text: string): z.infer<typeof schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
