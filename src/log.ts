/** Logs: on the terminal, as JSON lines, and a file per operation. */
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from './log/logger.js';
export { writeOperationDocument } from './log/operation-document.js';
export { type OperationId, type OperationLog, operationLog } from './log/operation-log.js';
export { addToReport } from './log/operation-report.js';
export { pruneLogs } from './log/prune-logs.js';
