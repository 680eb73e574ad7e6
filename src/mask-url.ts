/** What stands in place of a secret. */
export const mask = '********';

/** A part of a path that looks like a key, as in the address of a chat's incoming webhook. */
const keyLike = /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}$/;

/** A URL, even a wrong one, without user, password, the values of its query, fragment and key-like parts of its path. */
export function maskUrl(url: string): string {
  const [, scheme = '', userinfo = '', rest = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)?(?:([^/?#]*)@)?(.*)$/is.exec(url) ?? [];
  const [, place = '', query = ''] = /^([^?#]*)(.*)$/s.exec(rest) ?? [];
  const path = place.split('/').map((part) => (keyLike.test(part) ? mask : part));
  const values = query.replace(/#.*$/s, `#${mask}`).replace(/([?&][^=&#]*)=[^&#]*/g, `$1=${mask}`);
  const keys = values.replace(/([?&])([^=&#]+)(?=&|#|$)/g, `$1${mask}`);
  return `${scheme}${userinfo && `${mask}@`}${path.join('/')}${keys}`;
}

/** What {@link maskUrl} masks, to be removed from other text too. Short values of a query are no secrets. */
export function secretsOfUrl(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { username, password, searchParams, pathname, hash } = new URL(url);
  const guessed = [
    ...searchParams.values(),
    ...pathname.split('/').filter((part) => keyLike.test(part)),
    hash.slice(1),
  ];
  const long = guessed.filter((value) => value.length >= 8);
  return [...[password, password ? '' : username].map(decoded), ...long].filter((value) => value !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
