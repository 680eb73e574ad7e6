import type { Client } from '@temporalio/client';
import { decodeDatabaseName } from '../../domain/backup/names.js';
import { searchAttributeNames, workflowTypes } from '../../domain/contracts.js';
import { HoldfastError } from '../../domain/errors.js';
import { attributeOf } from '../../temporal/search-attributes.js';
import { printable, shellWord } from '../output/format.js';

interface Kind {
  type: string;
  /** Where none is open. */
  none: string;
}

const kinds = {
  restore: {
    type: workflowTypes.restoreDatabase,
    none: 'no restore runs on this Temporal server; `holdfast status` tells how they ended',
  },
  recover: {
    type: workflowTypes.pointInTimeRecovery,
    none: 'no recovery runs on this Temporal server; `holdfast status` tells how they ended',
  },
  'keep-previous': {
    type: workflowTypes.keepPrevious,
    none: 'it is not kept by this Temporal server: its time was over, or another server keeps it (TEMPORAL_ADDRESS)',
  },
} satisfies Record<string, Kind>;

const namedAtMost = 5;
const lookedAt = 200;

const [, databaseName] = searchAttributeNames;

/** The error for an id that Temporal does not know; its remedy names those of its kind that are open. */
export async function unknownWorkflow(
  client: Client,
  attempted: string,
  workflowId: string,
): Promise<HoldfastError> {
  const [kind, , ...rest] = workflowId.split('/');
  const asked = decodeDatabaseName(rest.join('/'));
  if (isUndone(kind, asked)) return ofUndone(attempted, asked);
  const { type, none } = kind === 'restore' || kind === 'recover' ? kinds[kind] : kinds['keep-previous'];
  const open = await openIds(client, type, asked);
  const there = `there are: ${open.map((id) => printable(shellWord(id))).join(', ')}`;
  // A whole name is rarely mistyped: what it names is not kept here, whatever else is.
  const isNone = open.length === 0 || isKept(kind, asked);
  return new HoldfastError('GeneralError', {
    attempted,
    cause: `Temporal knows no workflow ${printable(workflowId)}`,
    remedy: [...(open.length > 0 ? [there] : []), ...(isNone ? [none] : [])].join('; '),
  });
}

/** The ids of those that are open, first those of the database that was asked for. */
async function openIds(client: Client, type: string, asked: string): Promise<string[]> {
  const [ofAsked, ofOthers]: [string[], string[]] = [[], []];
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running'`;
  let looked = 0;
  for await (const found of client.workflow.list({ query, pageSize: lookedAt })) {
    const isAsked = attributeOf(found, databaseName) === asked;
    (isAsked ? ofAsked : ofOthers).push(found.workflowId);
    looked += 1;
    if (looked === lookedAt) break;
  }
  return [...ofAsked, ...ofOthers].slice(0, namedAtMost);
}

function isKept(kind: string | undefined, name: string): boolean {
  return kind === 'keep-previous' && /__before_\d{8}_\d{6}(_\d+)?$/.test(name);
}

/** What a summary of an undo names is easily taken for what can be undone. */
function isUndone(kind: string | undefined, name: string): boolean {
  return kind === 'keep-previous' && /__undone_\d{8}_\d{6}(_\d+)?$/.test(name);
}

function ofUndone(attempted: string, name: string): HoldfastError {
  return new HoldfastError('UndoRefused', {
    attempted,
    cause: `by its name ${printable(name)} is what an undo put aside: it stays until you drop it, and nothing leads back to it by itself`,
    remedy:
      'restore the same backup again; or, for what was written to it, give it its name back by hand: ALTER DATABASE … ALLOW_CONNECTIONS true, then … RENAME TO …',
  });
}
