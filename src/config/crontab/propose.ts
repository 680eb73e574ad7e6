import type { ScheduleKind } from '../../domain/schedule/contracts.js';
import { cronComplaint, isTimeZone } from '../schema/schedules.js';
import { type CrontabJob, readCrontab } from './read-crontab.js';
import { type Meaning, recognise } from './recognise.js';

/** What became of a line of a crontab. */
export interface JudgedLine {
  line: number;
  text: string;
  /** Taken into the proposal, needed no more, not understood, or nothing to do with backups. */
  verdict: 'taken' | 'covered' | 'not understood' | 'other';
  words: string;
}

interface ProposedSchedule {
  cron: string;
  timeZone?: string;
}

type ProposedKinds = Partial<Record<ScheduleKind, ProposedSchedule | { enabled: false }>> & {
  timeZone?: string;
};

/** What holdfast.yaml is to say. */
export interface Proposal {
  version: 1;
  defaults?: { retentionDays?: number; schedules?: ProposedKinds };
  clusters?: { default: { databases: Record<string, { schedules: { full: ProposedSchedule } }> } };
}

export interface CrontabProposal {
  lines: JudgedLine[];
  proposal: Proposal;
}

/** Turns a crontab's jobs of backups into settings; `machineZone` is what cron told their times in. */
export function proposeFrom(source: string, machineZone: string): CrontabProposal {
  const { jobs, unread } = readCrontab(source);
  const draft = new Draft();
  const judged = jobs.map((job) => ({ line: job.line, text: job.text, ...draft.take(job) }));
  const failed = unread.map((each) => ({
    ...each,
    ...({ verdict: 'not understood', words: 'neither a job of five fields nor a setting' } as const),
  }));
  return {
    lines: [...judged, ...failed].sort((a, b) => a.line - b.line),
    proposal: draft.proposal(machineZone),
  };
}

type Judgement = Pick<JudgedLine, 'verdict' | 'words'>;

class Draft {
  readonly #kinds: ProposedKinds = {};
  readonly #databases = new Map<string, ProposedSchedule>();
  #retentionDays: number | undefined;
  #usesMachineZone = false;
  #server: string | undefined;

  take(job: CrontabJob): Judgement {
    const meaning = recognise(job);
    if (meaning.kind === 'other') return { verdict: 'other', words: 'nothing of backups' };
    if (meaning.kind === 'unclear')
      return { verdict: 'not understood', words: 'of backups, it seems: look at it' };
    if (meaning.kind === 'retention') return this.#takeRetention(meaning.days);
    const problem = timingProblem(job) ?? this.#serverProblem(job);
    if (problem !== undefined) return { verdict: 'not understood', words: problem };
    if (job.timeZone === undefined) this.#usesMachineZone = true;
    return this.#takeWork(meaning, {
      cron: job.cron,
      ...(job.timeZone !== undefined && { timeZone: job.timeZone }),
    });
  }

  /** What is proposed is for one server. */
  #serverProblem({ command, variables }: CrontabJob): string | undefined {
    const own = /(?:^|\s)(?:-h\s*|--host[= ]|PGHOST=)["']?([^\s"']+)/.exec(command)?.[1];
    const server = own ?? variables.PGHOST ?? 'this machine';
    this.#server ??= server;
    if (server === this.#server) return undefined;
    return `of another server (${server}) than the lines above (${this.#server}): give it a cluster of its own`;
  }

  #takeRetention(days: number | undefined): Judgement {
    if (days === undefined || this.#retentionDays !== undefined)
      return { verdict: 'covered', words: 'each backup applies retention itself: see retentionDays' };
    this.#retentionDays = days;
    return { verdict: 'taken', words: `retentionDays: ${days}; each backup applies it` };
  }

  #takeWork(meaning: Meaning, schedule: ProposedSchedule): Judgement {
    if (meaning.kind === 'full' && meaning.database !== undefined) {
      const name = meaning.database;
      if (this.#databases.has(name)) return twice(`full backups of ${name}`);
      this.#databases.set(name, schedule);
      return { verdict: 'taken', words: `full backups of database ${name}` };
    }
    if (meaning.kind === 'base')
      return {
        verdict: 'covered',
        words: 'WAL cycles take base backups when they are due: see baseBackupDays',
      };
    const kind = meaning.kind as ScheduleKind;
    if (this.#kinds[kind]) return twice(words[kind]);
    this.#kinds[kind] = schedule;
    return { verdict: 'taken', words: words[kind] };
  }

  proposal(machineZone: string): Proposal {
    const databases = [...this.#databases].map(([name, full]) => [name, { schedules: { full } }]);
    // Who named databases did not mean all of them.
    const full = databases.length > 0 && !this.#kinds.full ? { full: { enabled: false as const } } : {};
    const known = { ...full, ...this.#kinds };
    const isScheduled = Object.keys(known).length > 0;
    // Where each has a zone of its own, the machine's is nobody's.
    const zone = machineZone === 'UTC' || !this.#usesMachineZone ? {} : { timeZone: machineZone };
    const schedules: ProposedKinds = isScheduled ? { ...zone, ...known } : {};
    const defaults = {
      ...(this.#retentionDays !== undefined && { retentionDays: this.#retentionDays }),
      ...(Object.keys(schedules).length > 0 && { schedules }),
    };
    return {
      version: 1,
      ...(Object.keys(defaults).length > 0 && { defaults }),
      ...(databases.length > 0 && { clusters: { default: { databases: Object.fromEntries(databases) } } }),
    };
  }
}

const words: Record<ScheduleKind, string> = {
  full: 'full backups of every database',
  wal: 'WAL cycles',
  monitor: 'looks of monitoring',
  drill: 'restore drills',
};

function twice(what: string): Judgement {
  return { verdict: 'not understood', words: `${what} have a time already, from a line above: choose one` };
}

function timingProblem({ cron, timeZone }: CrontabJob): string | undefined {
  if (cron.toLowerCase() === '@reboot')
    return '@reboot: a schedule knows times only; `holdfast worker` starts with the machine';
  const complaint = cronComplaint(cron);
  if (complaint !== undefined) return `its time is not understood${complaint && `: ${complaint}`}`;
  return timeZone === undefined || isTimeZone(timeZone) ? undefined : `there is no time zone ${timeZone}`;
}
