import { counted } from '../counts.js';
import { shellWord } from '../shell-word.js';
import { type Diagnosis, diagnosis, doubtful, failing, fine, unneeded } from './diagnosis.js';

/** A file that may hold secrets, as it lies on this machine. */
export interface SecretFile {
  path: string;
  /** Permission bits, as `stat` gives them. */
  mode: number;
  /** What it holds: `a password`. */
  holds: string;
}

/** Whether anybody else can read the passwords. */
export function judgeSecrets(files: readonly SecretFile[], ignored: readonly string[]): Diagnosis {
  const open = files.filter(({ mode }) => (mode & 0o077) !== 0);
  const [first] = open;
  if (first)
    return diagnosis(
      'secrets',
      '',
      doubtful(
        `${first.path} holds ${first.holds}, and its mode is ${octal(first.mode)}: others can read it`,
        open.map(({ path }) => `chmod 600 ${shellWord(path)}`).join('\n'),
      ),
    );
  const [why] = ignored;
  if (why !== undefined)
    return diagnosis('secrets', '', doubtful(`a password file is not used: ${why}`, 'chmod 600 that file'));
  const found = files.length === 0 ? 'none in files' : `${counted(files.length, 'file')}, only for this user`;
  return diagnosis('secrets', '', files.length === 0 ? unneeded(found) : fine(found));
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** Whether somebody learns of a failure. `channels`: their names; `invalid` ones are told as wrong settings. */
export function judgeAlerts(channels: readonly string[], hasSwitch: boolean): Diagnosis {
  const [first] = channels;
  if (first === undefined)
    return diagnosis(
      'alerts',
      '',
      doubtful(
        'alerts are only logged: nobody learns of a backup that fails',
        'ALERT_ENDPOINT=https://…    # or alerts: in holdfast.yaml, then: holdfast alert test',
      ),
    );
  const more = channels.length > 1 ? ` and ${channels.length - 1} more` : '';
  const watched = hasSwitch ? ', with a dead man’s switch' : '';
  return diagnosis('alerts', '', fine(`${first}${more}${watched}; \`holdfast alert test\` tries them`));
}

/** Settings that were read, and variables that look like ours and are none. */
export interface SettingsSight {
  /** Files and `environment`. */
  readFrom: readonly string[];
  /** One line each. */
  warnings: readonly string[];
}

/** Whether every setting that somebody made is one. Wrong values are told before any check runs. */
export function judgeSettings({ readFrom, warnings }: SettingsSight): Diagnosis {
  if (warnings.length > 0)
    return diagnosis('settings', '', doubtful(warnings.join('; '), 'correct the name, or unset it'));
  return diagnosis('settings', '', fine(readFrom.length === 0 ? 'defaults alone' : readFrom.join(', ')));
}

/** Where Temporal is. */
export interface TemporalSight {
  address: string;
  namespace: string;
  source: 'configured' | 'default address' | 'embedded';
  version: string;
}

/** Temporal as it was found; null where a command would start an embedded one. */
export function judgeTemporal(sight: TemporalSight | null): Diagnosis {
  if (!sight)
    return diagnosis(
      'temporal',
      '',
      fine('none is configured and none listens at the default address: each command starts one of its own'),
    );
  const { address, namespace, source, version } = sight;
  return diagnosis('temporal', '', fine(`${version} at ${address} (${source}), namespace ${namespace}`));
}

/** Whether workflows can be found by Holdfast's search attributes. */
export function judgeSearchAttributes(missing: readonly string[], namespace: string): Diagnosis {
  if (missing.length === 0) return diagnosis('search attributes', '', fine('all there'));
  const options = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
  return diagnosis(
    'search attributes',
    '',
    doubtful(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; the first command adds them where it may`,
      `temporal operator search-attribute create --namespace ${namespace} ${options}`,
    ),
  );
}

/** A host that clusters name, and whether a worker asks for its work. */
export interface HostSight {
  host: string;
  isHere: boolean;
  isServed: boolean;
}

/** Whether somebody does the work of each host. */
export function judgeWorkers(hosts: readonly HostSight[]): Diagnosis {
  const elsewhere = hosts.filter(({ isHere, isServed }) => !isHere && !isServed);
  const [far] = elsewhere;
  if (far)
    return diagnosis(
      'workers',
      '',
      failing(
        'NoWorkerForHost',
        `no worker does the work of ${elsewhere.map(({ host }) => host).join(', ')}`,
        `holdfast worker    # on ${far.host}, or: systemctl enable --now holdfast-worker`,
      ),
    );
  if (hosts.some(({ isServed }) => !isServed))
    return diagnosis(
      'workers',
      '',
      doubtful(
        'none on this host: commands do their own work, schedules and detached operations wait',
        'holdfast worker    # or: systemctl enable --now holdfast-worker',
      ),
    );
  return diagnosis('workers', '', fine(`one for ${hosts.map(({ host }) => host).join(', ')}`));
}

/** Whether anything runs by itself. `ids` are those of Holdfast's schedules. */
export function judgeSchedules(schedules: readonly { id: string; isPaused: boolean }[]): Diagnosis {
  if (schedules.length === 0)
    return diagnosis(
      'schedules',
      '',
      doubtful(
        'there are none: backups are taken only when somebody asks for one',
        'holdfast schedule apply',
      ),
    );
  const paused = schedules.filter(({ isPaused }) => isPaused);
  if (paused.length > 0)
    return diagnosis(
      'schedules',
      '',
      doubtful(
        `${paused.length} of ${schedules.length} are paused: ${paused.map(({ id }) => id).join(', ')}`,
        paused.map(({ id }) => `holdfast schedule resume ${id}`).join('\n'),
      ),
    );
  return diagnosis('schedules', '', fine(`${counted(schedules.length, 'schedule')}, none paused`));
}
