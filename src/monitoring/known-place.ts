import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole, writeWholeIfRoom } from '../files/write-whole.js';

const markSchema = z.object({ format_version: z.literal(1), repository_id: z.string() });

const knownSchema = z.object({
  format_version: z.literal(1),
  /** Of the repository's mark, when it was last seen. */
  repository_id: z.string().nullable(),
  /** The server's databases when it was last asked. */
  databases: z.array(z.string()).nullable(),
});

/** What monitoring remembers of a cluster's repository and server; lost, it is learnt again. */
export class KnownPlace {
  private constructor(
    /** The file that holds it, as a full path. */
    readonly path: string,
    private known: z.infer<typeof knownSchema>,
  ) {}

  static async read(folder: string): Promise<KnownPlace> {
    const path = join(folder, 'known.json');
    const known = await readJson(path, knownSchema);
    return new KnownPlace(path, known ?? { format_version: 1, repository_id: null, databases: null });
  }

  get databases(): string[] | null {
    return this.known.databases;
  }

  async noteDatabases(databases: string[]): Promise<void> {
    if (JSON.stringify(databases) !== JSON.stringify(this.known.databases)) await this.#store({ databases });
  }

  /**
   * Whether the repository is the one that was seen before, by the mark in it. One without a mark gets one when none is
   * known: a repository that a backup made on a mount point whose disk is missing has none, or another.
   */
  async isSame(root: string): Promise<boolean> {
    const path = join(root, '.holdfast-repository.json');
    const found = (await readJson(path, markSchema))?.repository_id;
    const { repository_id: known } = this.known;
    if (known !== null) return found === known;
    const mark = found ?? randomUUID();
    if (found === undefined && !(await writeWholeIfRoom(path, markOf(mark)))) return true;
    await this.#store({ repository_id: mark });
    return true;
  }

  async #store(news: Partial<z.infer<typeof knownSchema>>): Promise<void> {
    this.known = { ...this.known, ...news };
    await writeWhole(this.path, `${JSON.stringify(this.known)}\n`);
  }
}

function markOf(repositoryId: string): string {
  return `${JSON.stringify({ format_version: 1, repository_id: repositoryId })}\n`;
}

/** Undefined where there is none, or another than it should be. */
async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
