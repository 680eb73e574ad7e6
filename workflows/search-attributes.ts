import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { searchAttributeNames } from '../src/domain/contracts.js';

const [clusterName, databaseName, operationName, outcomeName] = searchAttributeNames;

const clusterKey = defineSearchAttributeKey(clusterName, 'KEYWORD');
const databaseKey = defineSearchAttributeKey(databaseName, 'KEYWORD');
const operationKey = defineSearchAttributeKey(operationName, 'KEYWORD');
const outcomeKey = defineSearchAttributeKey(outcomeName, 'KEYWORD');

/** What a run is found by from its start. */
export function startAttributes(
  operation: string,
  cluster: string,
  database?: string,
): SearchAttributePair[] {
  return [
    { key: operationKey, value: operation },
    { key: clusterKey, value: cluster },
    ...(database === undefined ? [] : [{ key: databaseKey, value: database }]),
    { key: outcomeKey, value: 'running' },
  ];
}

/** How a run ended. */
export function outcomeAttribute(
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'rejected' | 'skipped',
): SearchAttributePair {
  return { key: outcomeKey, value: outcome };
}
