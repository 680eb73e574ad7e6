import { HoldfastError } from '../../domain/errors.js';

/** What helps where the system could not start one more program, by the system call's error. */
const shortages: Record<string, string> = {
  EMFILE:
    'Raise the limit on open files (`ulimit -n`, LimitNOFILE= of its systemd unit), or do less at a time (parallelPerHost).',
  ENFILE: 'Raise the system’s limit on open files (fs.file-max), or do less at a time (parallelPerHost).',
  EAGAIN:
    'Raise the limit on processes (`ulimit -u`, TasksMax= of its systemd unit), or do less at a time (parallelPerHost).',
  ENOMEM: 'Give this host or container more memory, or do less at a time (parallelPerHost).',
};

/**
 * A program that could not even be started. Where the system only lacked what a process needs, it is there, and trying
 * again may help.
 * @param code of the system call that failed; undefined: there is no such program
 */
export function notRunnable(attempted: string, path: string, code: string | undefined): HoldfastError {
  const shortage = code === undefined ? undefined : shortages[code];
  return new HoldfastError(shortage === undefined ? 'ToolMissing' : 'GeneralError', {
    attempted,
    cause: `${path} cannot be run (${code ?? 'unknown reason'})`,
    remedy: shortage ?? 'Install PostgreSQL’s client programs, or name their folder in PG_BIN_DIR.',
  });
}
