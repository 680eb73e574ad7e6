import { nearest } from './nearest.js';

/** Variables of ours that are read elsewhere than with the settings. */
const readElsewhere = ['HOLDFAST_CACHE_DIR', 'HOLDFAST_STATE_DIR'];

/** libpq's and PostgreSQL's own, which are near to those that are settings here. */
const ofPostgres =
  /^PG(?:DATABASE|DATA|DATESTYLE|HOSTADDR|OPTIONS|APPNAME|TZ|GEQO|SERVICEFILE|SYSCONFDIR|LOCALEDIR|CLIENTENCODING|TARGETSESSIONATTRS|LOADBALANCEHOSTS|CHANNELBINDING|REQUIREAUTH|REQUIREPEER|REQUIRESSL|KRBSRVNAME|GSSLIB|GSSENCMODE|GSSDELEGATION|CONNECT_TIMEOUT|SSL\w+|MINPROTOCOLVERSION|MAXPROTOCOLVERSION)$/;

const ofTests = /^HOLDFAST_(?:TEST|FAILPOINT)/;

/** Variables that look like settings and are none, each with the name that is near; their values are not told. */
export function findMisspelt(
  names: readonly string[],
  settings: readonly string[],
  originOf: (name: string) => string,
): string[] {
  const known = [...settings, ...readElsewhere];
  return names
    .filter((name) => !known.includes(name) && !ofPostgres.test(name) && !ofTests.test(name))
    .flatMap((name) => {
      const meant = meantBy(name, known);
      if (meant === undefined && !name.startsWith('HOLDFAST_')) return [];
      const question = meant === undefined ? '' : `: did you mean ${meant}?`;
      return [`${name} (${originOf(name)}) is no setting${question}`];
    })
    .sort();
}

/** Names that anybody may have chosen for something else are near only when they are nearly the same. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  if (!/^[A-Z][A-Z0-9_]{3,}$/.test(name)) return undefined;
  const begun = name.includes('_') ? known.find((one) => one.startsWith(`${name}_`)) : undefined;
  return begun ?? nearest(name, known, name.length < 8 ? 1 : 2);
}
