export interface Spelling {
  readonly path: string;
  /** Whether it says the same as the plain path to a strict reader: then nothing but the gate may answer. */
  readonly plain: boolean;
}

/**
 * Ways to write a path that routers, static servers and proxies may read as the same one. `open` are paths
 * that anybody may ask for: a prefix check that is done before dot segments are resolved lets them in.
 */
export function spellings(path: string, open: readonly string[]): readonly Spelling[] {
  const [, first = '', rest = ''] = /^(\/[^/]*)(.*)$/.exec(path) ?? [];
  const last = path.slice(-1);
  // Of the root there is no other spelling that a public static mount would not take for a folder of its own.
  const root = ['//'];
  const odd = [
    `/${path}`,
    `${first}/${rest}`,
    `${path}//`,
    `/.${path}`,
    // A gate that is mounted at `/api` covers neither of these, and a static server at the root takes both for it.
    `/${encoded(path.slice(1, 2))}${path.slice(2)}`,
    `${first}${rest.replace(/^\/(\w)/, (_all, letter) => `/${encoded(letter)}`)}`,
    `${first}/.${rest}`,
    `/x/..${path}`,
    `/x/%2e%2e${path}`,
    `/x\\..${path}`,
    `${path}/.`,
    `${path}/x/..`,
    `${path}%2f`,
    `${path}%00`,
    `${path}%20`,
    `${path};x=1`,
    `${path}.json`,
    path.replaceAll('/', '%2f').replace('%2f', '/'),
    path.replaceAll('/', '\\').replace('\\', '/'),
    ...open.map((one) => `${one.replace(/\/$/, '')}/..${path}`),
    ...open.map((one) => `${one.replace(/\/$/, '')}/%2e%2e${path}`),
  ];
  const plain = [
    path,
    `${path}?`,
    `${path}?x=1`,
    ...(path === '/' ? [] : [`${path}/`, path.toUpperCase()]),
    ...(/[a-z0-9]/i.test(last) ? [path.slice(0, -1) + encoded(last)] : []),
  ];
  const all = new Map<string, Spelling>();
  for (const one of plain) all.set(one, { path: one, plain: true });
  for (const one of path === '/' ? root : odd)
    if (!all.has(one)) all.set(one, { path: one, plain: false });
  return [...all.values()];
}

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
