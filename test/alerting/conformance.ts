import { describe, expect, test } from 'vitest';
import type { RequestOptions } from '../../src/alerting/http-request.js';
import type { Alert } from '../../src/domain/alert.js';
import { HoldfastError } from '../../src/domain/errors.js';

/** What a place does with the next alerts. */
export type Mood = 'take' | 'later' | 'refuse' | 'redirect' | 'hang' | 'hang up';

/** A channel with a real server behind it. */
export interface ChannelUnderTest extends AsyncDisposable {
  send(alert: Alert, options?: RequestOptions): Promise<unknown>;
  /** The same to a server whose certificate nobody vouches for. */
  sendUntrusted(alert: Alert): Promise<unknown>;
  become(mood: Mood): void;
  /** Ids of the alerts that were taken, in order. Undefined: the place is told nothing but that all is well. */
  takenIds(): string[] | undefined;
  takenCount(): number;
  /** The server ends. */
  goDown(): Promise<void>;
  /** What no error may tell. Each was given to the server, which answers refusals with them. */
  secrets: string[];
}

export const alertOf = (id: string): Alert => ({
  ...{ type: 'backup_failed', priority: 'critical', message: 'backup of "shöp" failed', database: 'shöp' },
  ...{ cluster: 'default', host: 'db1', metrics: { duration_seconds: 12 } },
  ...{ time: '2026-01-01T02:00:00.000Z', id },
});

/** What every channel must do. */
export function conform(name: string, moods: readonly Mood[], create: () => Promise<ChannelUnderTest>): void {
  const failureOf = async (channel: ChannelUnderTest, options?: RequestOptions) => {
    const error = await channel.send(alertOf('x'), options).catch((reason: unknown) => reason);
    if (!(error instanceof HoldfastError))
      throw new Error(`it was taken, or failed otherwise: ${String(error)}`);
    return error;
  };

  describe(name, () => {
    test('an alert is delivered once, with its id; several in their order', async () => {
      await using channel = await create();
      for (const id of ['a', 'b', 'c']) await channel.send(alertOf(id));
      expect(channel.takenCount()).toBe(3);
      expect(channel.takenIds() ?? ['a', 'b', 'c']).toEqual(['a', 'b', 'c']);
    });

    test.each(
      (
        [
          ['later', true],
          ['refuse', false],
          ['redirect', false],
          ['hang', true],
          ['hang up', true],
        ] as const
      ).filter(([mood]) => moods.includes(mood)),
    )('a place that says "%s": worth trying again: %s', async (mood, retryable) => {
      await using channel = await create();
      channel.become(mood);
      const error = await failureOf(channel, { timeoutMs: mood === 'hang' ? 300 : 5_000 });
      expect(error).toMatchObject({ retryable, type: retryable ? 'AlertNotDelivered' : 'AlertRefused' });
      expect(error.story.remedy).toMatch(/check /);
      expect(channel.takenCount()).toBe(0);
      channel.become('take');
      await channel.send(alertOf('after'));
      expect(channel.takenCount()).toBe(1);
    });

    test('one that hangs ends the attempt in time, and its caller can end it sooner', async () => {
      await using channel = await create();
      channel.become('hang');
      expect((await failureOf(channel, { timeoutMs: 200 })).story.cause).toBe('no answer within 200 ms');
      const controller = new AbortController();
      const cancelled = failureOf(channel, { signal: controller.signal, timeoutMs: 60_000 });
      setTimeout(() => controller.abort(), 100);
      expect((await cancelled).type).toBe('Cancelled');
    });

    test('one that is down says so, and is worth trying again', async () => {
      await using channel = await create();
      await channel.goDown();
      const error = await failureOf(channel);
      expect(error).toMatchObject({ type: 'AlertNotDelivered', retryable: true });
      expect(error.story.cause).toContain('ECONNREFUSED');
    });

    test('one whose certificate nobody vouches for is given nothing', async () => {
      await using channel = await create();
      await expect(channel.sendUntrusted(alertOf('x'))).rejects.toMatchObject({
        type: 'AlertNotDelivered',
        story: { cause: expect.stringMatching(/self[- ]signed certificate/) },
      });
      expect(channel.takenCount()).toBe(0);
    });

    test('nothing secret is in an error, also where the place repeats it', async () => {
      await using channel = await create();
      channel.become('refuse');
      const { message, stack, story, cause } = await failureOf(channel);
      const told = [message, stack, JSON.stringify(story), String(cause)].join('\n');
      for (const secret of channel.secrets) expect(told).not.toContain(secret);
    });
  });
}
