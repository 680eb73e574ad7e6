import { HoldfastError } from '../../domain/errors.js';

/** A parameter of libpq's that our own sessions can't heed: what asks more of a connection is refused, not passed over. */
interface UnmetParameter {
  keyword: string;
  /** libpq's environment variable for it. */
  variable?: string;
  /** Values that ask nothing which isn't so. */
  met?: RegExp;
}

const unmet: UnmetParameter[] = [
  { keyword: 'channel_binding', variable: 'PGCHANNELBINDING', met: /^(?:disable|prefer)$/ },
  { keyword: 'require_auth', variable: 'PGREQUIREAUTH' },
  { keyword: 'requirepeer', variable: 'PGREQUIREPEER' },
  { keyword: 'sslcrl', variable: 'PGSSLCRL' },
  { keyword: 'sslcrldir', variable: 'PGSSLCRLDIR' },
  { keyword: 'sslpassword' },
  { keyword: 'sslcertmode', variable: 'PGSSLCERTMODE', met: /^allow$/ },
  { keyword: 'sslnegotiation', variable: 'PGSSLNEGOTIATION', met: /^postgres$/ },
  { keyword: 'ssl_min_protocol_version', variable: 'PGSSLMINPROTOCOLVERSION', met: /^TLSv1(?:\.[12])?$/ },
  { keyword: 'ssl_max_protocol_version', variable: 'PGSSLMAXPROTOCOLVERSION', met: /^TLSv1\.3$/ },
];

/** Those that a connection is made by, and those that change nothing which matters to a backup. */
const heeded = [
  ...['host', 'hostaddr', 'port', 'user', 'password', 'passfile', 'connect_timeout'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
];
const passedOver = [
  ...['dbname', 'options', 'application_name', 'fallback_application_name', 'client_encoding'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['sslcompression', 'sslsni', 'gssencmode', 'krbsrvname', 'gsslib', 'gssdelegation'],
  ...['target_session_attrs', 'load_balance_hosts', 'min_protocol_version', 'max_protocol_version'],
];
const known = new Set([...heeded, ...passedOver, ...unmet.map(({ keyword }) => keyword)]);

/** Whether a connection service file may name the parameter. */
export function isKnownParameter(keyword: string): boolean {
  return known.has(keyword);
}

/**
 * Refuses what a service or the environment asks of a connection, and our own sessions would not do.
 *
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function refuseUnmet(service: ReadonlyMap<string, string>, environment: NodeJS.ProcessEnv): void {
  for (const { keyword, variable, met } of unmet) {
    const [name, value] = service.get(keyword)
      ? [keyword, service.get(keyword)]
      : [variable, variable && environment[variable]];
    if (!value || met?.test(value)) continue;
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'work out how to connect to PostgreSQL',
      cause: `${name} asks for what Holdfast's own sessions can't do`,
      remedy: `leave ${name} out, where the connection may be made without; sslmode=verify-full checks the server`,
    });
  }
}
