import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeNames } from '../domain/contracts.js';
import { HoldfastError } from '../domain/errors.js';

const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/**
 * Makes the search attributes that Holdfast's workflows set, where they are missing.
 *
 * @throws HoldfastError `TemporalUnreachable` where the server forbids it, naming the command that an administrator runs
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  try {
    await addSearchAttributes(connection, namespace, missing);
  } catch (error) {
    const options = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
    throw new HoldfastError('TemporalUnreachable', {
      attempted: `add the search attributes ${missing.join(', ')} to namespace "${namespace}"`,
      cause: error instanceof Error ? error.message : String(error),
      remedy: `run: temporal operator search-attribute create --namespace ${namespace} ${options}`,
    });
  }
}

/** The search attributes that Holdfast's workflows set and the namespace lacks. */
export async function missingSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return searchAttributeNames.filter((name) => !Object.hasOwn(customAttributes, name));
}

/** Adds search attributes of type Keyword. */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  const searchAttributes = Object.fromEntries(names.map((name) => [name, keyword]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}
