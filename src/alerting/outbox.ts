import { randomUUID } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import * as z from 'zod';
import type { Alert } from '../domain/alert.js';
import type { RoutedAlert } from '../domain/alert-routes.js';
import type { PlannedAlert, ToldStates } from '../domain/health/plan-alerts.js';
import { writeWhole } from '../files/write-whole.js';

/** An alert that is not yet delivered everywhere. */
export interface QueuedAlert {
  alert: Alert;
  /** What it is of; empty for what is no check's. */
  key: string;
  /** Keys of the channels that have yet to take it. */
  channels: string[];
}

/** Where alerts that are put into the outbox go. */
export interface Addressing {
  host: string;
  /** Keys of the channels. */
  channelsFor(alert: RoutedAlert): string[];
}

const told = z.object({
  state: z.enum(['ok', 'warning', 'critical']),
  since: z.iso.datetime(),
  toldAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  worst: z.literal('critical').optional(),
});

const schema = z.object({
  format_version: z.literal(1),
  told: z.record(z.string(), told),
  /** The oldest first. */
  queue: z.array(
    z.object({
      alert: z.looseObject({ id: z.string(), time: z.iso.datetime() }),
      key: z.string(),
      channels: z.array(z.string()),
    }),
  ),
});

/** What it holds at most: beyond, the oldest make way. */
const mostQueued = 5_000;

/**
 * What was told, and what is yet to be delivered, in one file: a state that is noted as told has its alert in the queue,
 * whenever the process dies. One process at a time has it open.
 */
export class Outbox {
  told: ToldStates = {};
  queue: QueuedAlert[] = [];

  private constructor(private readonly path: string) {}

  /** Gives the outbox in `folder` to `use`, alone. What `use` changes is kept by {@link store}. */
  static async open<T>(folder: string, use: (outbox: Outbox) => Promise<T>): Promise<T> {
    const path = join(folder, 'alerts.json');
    const release = await lockfile.lock(path, {
      realpath: false,
      // A process that was stopped for longer than the lock lasts: at worst an alert comes twice, with the same id.
      onCompromised: () => undefined,
      // Nobody has it open for longer than it takes to write a file.
      retries: { retries: 120, factor: 1, minTimeout: 50, maxTimeout: 500, randomize: true },
    });
    try {
      const outbox = new Outbox(path);
      await outbox.#read();
      return await use(outbox);
    } finally {
      await release();
    }
  }

  /** What was last told, without opening it: a file that can't be read tells nothing. */
  static async toldIn(folder: string): Promise<ToldStates> {
    const text = await readFile(join(folder, 'alerts.json'), 'utf8').catch(() => '');
    return parse(text)?.told ?? {};
  }

  /** What waits to be delivered, without opening it: a file that can't be read holds nothing. */
  static async waitingIn(folder: string): Promise<QueuedAlert[]> {
    const text = await readFile(join(folder, 'alerts.json'), 'utf8').catch(() => '');
    return (parse(text)?.queue ?? []) as unknown as QueuedAlert[];
  }

  /** Puts planned alerts behind the others. One that only repeats what is not even delivered is left out. */
  enqueue(planned: readonly PlannedAlert[], { host, channelsFor }: Addressing): void {
    for (const { key, kind, alert } of planned) {
      if (kind === 'reminder' && this.queue.some((waiting) => waiting.key === key)) continue;
      this.queue.push({ alert: { ...alert, host, id: randomUUID() }, key, channels: channelsFor(alert) });
    }
    this.queue.splice(0, this.queue.length - mostQueued);
  }

  /** Notes that a channel has taken an alert. */
  taken(id: string, channel: string): void {
    for (const entry of this.queue)
      if (entry.alert.id === id) entry.channels = entry.channels.filter((key) => key !== channel);
  }

  async store(): Promise<void> {
    this.queue = this.queue.filter(({ channels }) => channels.length > 0);
    const document = { format_version: 1, told: this.told, queue: this.queue };
    await writeWhole(this.path, `${JSON.stringify(document)}\n`);
  }

  /** A file that can't be read is put aside: what lasts is told anew then. */
  async #read(): Promise<void> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return;
    const document = parse(text);
    if (!document) return rename(this.path, `${this.path}.damaged`);
    this.told = document.told;
    this.queue = document.queue as unknown as QueuedAlert[];
  }
}

function parse(text: string): z.infer<typeof schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
