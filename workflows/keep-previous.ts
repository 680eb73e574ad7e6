import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import {
  type KeepMessage,
  type KeepPreviousInput,
  type KeepPreviousResult,
  type KeepPreviousStatus,
  keepMessages,
} from '../src/domain/restore/keep-contracts.js';
import { sqlName } from '../src/domain/sql-name.js';
import { keepOptions } from './activity-options.js';
import { alert, recordFailure } from './alerts.js';
import { markdownSafe } from './details.js';
import { failureOf, failureType, rootFailure } from './failures.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const undoSignal = defineSignal<[KeepMessage]>(keepMessages.undo);
export const confirmSignal = defineSignal<[KeepMessage]>(keepMessages.confirm);
export const undoUpdate = defineUpdate<KeepPreviousResult, [KeepMessage]>(keepMessages.undo);
export const confirmUpdate = defineUpdate<KeepPreviousResult, [KeepMessage]>(keepMessages.confirm);
export const keepStatusQuery = defineQuery<KeepPreviousStatus>(statusQueryName);

type Wish = KeepMessage & { kind: 'undo' | 'confirm' };

/** A database that can't be dropped when its time is over takes room that nobody knows of: it is tried for a day. */
const dropAgainAfterMs = 60 * 60_000;
const dropTries = 24;

/** Keeps the database that a restore replaced until it is asked back, no longer wanted, or its time is over. */
export async function keepPrevious(input: KeepPreviousInput): Promise<KeepPreviousResult> {
  const { cluster, target, hostQueue } = input;
  upsertSearchAttributes(startAttributes('keep-previous', cluster, target));
  try {
    const result = await keep(input);
    await condition(allHandlersFinished);
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    return result;
  } catch (error) {
    const run = { type: 'restore_done', cluster, database: target } as const;
    const outcome = await recordFailure(error, { ...run, hostQueue });
    if (outcome === 'cancelled' && patched('a-cancelled-keep-tells'))
      await alert({ ...run, priority: 'medium', metrics: {}, ...leftBehind(input) });
    throw error;
  }
}

/** Nobody drops it any more: also whoever looks at the run that was cancelled is to see it. */
function leftBehind({ target, previous }: KeepPreviousInput): { message: string; remedy: string } {
  const name = previous.name;
  const message = `database ${name}, what ${target} was before a restore, is left: the run that keeps and then drops it was cancelled`;
  const remedy = `Drop it when it is not needed: DROP DATABASE IF EXISTS ${sqlName(name)}; \`holdfast restore undo\` can't bring it back any more.`;
  setCurrentDetails(`${markdownSafe(message)}.\n\n${markdownSafe(remedy)}`);
  return { message, remedy };
}

async function keep(input: KeepPreviousInput): Promise<KeepPreviousResult> {
  const { target, previous, backupId, keepMinutes } = input;
  const deadline = workflowInfo().startTime.getTime() + keepMinutes * 60_000;
  const until = new Date(deadline).toISOString();
  const keeper = new Keeper(input);
  setHandler(keepStatusQuery, () => {
    const outcome = keeper.result?.outcome ?? 'kept';
    return { target, previous: previous.name, backupId, until, outcome };
  });
  setCurrentDetails(
    `Keeps what the database was before a restore, until ${until}.\n\nThe update \`undo\` brings it back, \`confirm\` drops it now.`,
  );
  let due = deadline;
  for (let drops = 1; ; ) {
    const isAsked = await condition(() => keeper.wish !== undefined, Math.max(1, due - Date.now()));
    const result = await keeper.act(isAsked ? keeper.wish : undefined, drops < dropTries);
    if (result) return result;
    if (isAsked) continue;
    drops += 1;
    due = Date.now() + dropAgainAfterMs;
  }
}

/** One wish at a time; one that fails leaves everything as it was, and the next one may come. */
class Keeper {
  wish: Wish | undefined;
  result: KeepPreviousResult | undefined;
  #failure: unknown;
  readonly #activities;

  constructor(readonly input: KeepPreviousInput) {
    this.#activities = proxyActivities<Activities>({ ...keepOptions, taskQueue: input.hostQueue });
    const validator = (_: KeepMessage) => this.#validate();
    setHandler(undoUpdate, (message) => this.#ask({ ...message, kind: 'undo' }), {
      description: 'bring back what the database was before the restore',
      validator,
    });
    setHandler(confirmUpdate, (message) => this.#ask({ ...message, kind: 'confirm' }), {
      description: 'drop what the database was before the restore, now',
      validator,
    });
    setHandler(undoSignal, (message) => this.#note({ ...message, kind: 'undo' }));
    setHandler(confirmSignal, (message) => this.#note({ ...message, kind: 'confirm' }));
  }

  /**
   * Does what was asked, or drops the previous database when nobody asked; undefined when it could not be done, and may
   * be asked again.
   */
  async act(wish: Wish | undefined, mayDropAgain: boolean): Promise<KeepPreviousResult | undefined> {
    const { cluster, target, previous, restoredOid, place } = this.input;
    const startedAt = workflowInfo().startTime.toISOString();
    const step = { cluster, target, previous, startedAt, ...(place !== undefined && { place }) };
    const requester = wish ? String(wish.requester) : null;
    try {
      if (wish?.kind === 'undo') {
        const undone = await this.#activities.undoRestore({ ...step, restoredOid });
        this.result = { outcome: 'undone', requester, ...undone };
      } else {
        await this.#activities.dropPrevious(step);
        this.result = {
          outcome: wish ? 'confirmed' : 'expired',
          requester,
          undoneName: null,
          refusedMs: null,
        };
      }
    } catch (error) {
      // Somebody made the name theirs: there is nothing left to drop.
      const isRefused = failureType(error) === 'DropRefused';
      if (!wish && (isRefused || !mayDropAgain || isCancellation(error))) throw error;
      this.#failure = rootFailure(error);
      this.wish = undefined;
    }
    return this.result;
  }

  async #ask(wish: Wish): Promise<KeepPreviousResult> {
    this.#failure = undefined;
    this.wish = wish;
    await condition(() => this.result !== undefined || this.#failure !== undefined);
    if (this.result) return this.result;
    throw this.#failure instanceof ApplicationFailure ? this.#failure : refusal(String(this.#failure));
  }

  #note(wish: Wish): void {
    if (this.wish === undefined && this.result === undefined) this.wish = wish;
  }

  #validate(): void {
    if (this.result) throw refusal(`it is over already: ${this.result.outcome}`);
    if (this.wish) throw refusal(`${this.wish.kind} was asked already, by ${this.wish.requester}`);
  }
}

function refusal(cause: string): ApplicationFailure {
  return failureOf('UndoRefused', { attempted: 'undo or confirm the restore', cause });
}
