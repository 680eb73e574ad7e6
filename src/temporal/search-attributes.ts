import { type Connection, isGrpcServiceError, type WorkflowExecutionInfo } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeNames } from '../domain/contracts.js';
import { HoldfastError, messageOf } from '../domain/errors.js';

const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** gRPC's codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const grpcCodes = { invalidArgument: 3, permissionDenied: 7, unimplemented: 12 };

/**
 * Makes the search attributes that Holdfast's workflows set, where they are missing: a workflow that sets an unknown one
 * would not get on. Temporal Cloud, and servers that are guarded like it, let only an administrator make them.
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
    const forCloud = missing.map((name) => `--search-attribute ${name}=Keyword`).join(' ');
    throw new HoldfastError('TemporalUnreachable', {
      attempted: `add the search attributes ${missing.join(', ')} to namespace "${namespace}"`,
      cause: messageOf(error),
      remedy:
        `run: temporal operator search-attribute create --namespace ${namespace} ${options}\n` +
        `on Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${forCloud}`,
    });
  }
}

/** Those of Holdfast's search attributes that the namespace does not have. */
export async function missingSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributeNames.filter((name) => !Object.hasOwn(customAttributes, name));
  } catch (error) {
    if (!hasCode(error, grpcCodes.permissionDenied, grpcCodes.unimplemented)) throw error;
    const known = await Promise.all(
      searchAttributeNames.map((name) => isQueried(connection, namespace, name)),
    );
    return searchAttributeNames.filter((_, i) => !known[i]);
  }
}

/** Whether a query may name an attribute, which everybody may ask who may work in the namespace. */
async function isQueried(connection: Connection, namespace: string, name: string): Promise<boolean> {
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'asked'` });
    return true;
  } catch (error) {
    if (hasCode(error, grpcCodes.invalidArgument)) return false;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: number[]): boolean {
  return isGrpcServiceError(error) && codes.includes(error.code);
}

/** What a workflow has noted under a search attribute; empty where it has not. */
export function attributeOf({ searchAttributes }: WorkflowExecutionInfo, name: string): string {
  const [value] = searchAttributes[name] ?? [];
  return typeof value === 'string' ? value : '';
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
