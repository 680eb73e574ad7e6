import { setImmediate as breathe } from 'node:timers/promises';
import pg from 'pg';
import type { Cluster } from '../../support/cluster.js';
import { settings } from './swap/swap-support.js';

/** What clients met that connect, read and hang up in a loop. */
export interface Hammered {
  /** Every content read, in the order each client read it. */
  perClient: string[][];
  /** SQLSTATEs of connections that were refused or ended. */
  refusals: Map<string, number>;
}

export interface HammerOptions {
  password?: string;
  /** Tells which database it is, as `content`. */
  query?: string;
}

/** Keeps clients coming to `database` until {@link Hammer.stop}. */
export class Hammer {
  #isOn = true;
  readonly #seen: Hammered;
  readonly #clients: Promise<void>[];

  constructor(
    private readonly cluster: Cluster,
    private readonly database: string,
    clients: number,
    private readonly options: HammerOptions = {},
  ) {
    this.#seen = { perClient: Array.from({ length: clients }, () => []), refusals: new Map() };
    this.#clients = this.#seen.perClient.map((contents) => this.#run(contents));
  }

  /** Resolves once every client has read `content` at least once more. */
  async everyClientReads(content: string): Promise<void> {
    const from = this.#seen.perClient.map((contents) => contents.length);
    while (!this.#seen.perClient.every((contents, index) => contents.slice(from[index]).includes(content)))
      await breathe();
  }

  async stop(): Promise<Hammered> {
    this.#isOn = false;
    await Promise.all(this.#clients);
    return this.#seen;
  }

  async #run(contents: string[]): Promise<void> {
    while (this.#isOn) {
      const { password, query = 'SELECT content FROM which' } = this.options;
      const client = new pg.Client({ ...settings(this.cluster), password, database: this.database });
      let told: unknown;
      client.on('error', (error) => {
        told = error;
      });
      try {
        await client.connect();
        const { rows } = await client.query<{ content: string }>(query);
        contents.push(rows[0]?.content ?? '(nothing)');
      } catch (error) {
        // What the server said comes before what node-postgres makes of the closed connection.
        const code = String(
          (told as { code?: string } | undefined)?.code ?? (error as { code?: string }).code ?? error,
        );
        this.#seen.refusals.set(code, (this.#seen.refusals.get(code) ?? 0) + 1);
        await breathe();
      } finally {
        await client.end().catch(() => {});
      }
    }
  }
}
