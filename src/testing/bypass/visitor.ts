/** Somebody with an empty cookie jar, in front of the app. */
export interface Visitor {
  /** `http://127.0.0.1:PORT`, where the app listens for the time of the checks. */
  readonly origin: string;
  /** Node's `fetch` for a path of the app: cookies are kept and sent, redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The cookies kept so far, as a Cookie header. */
  cookie(): string;
}

export function visitor(origin: string, headers: Readonly<Record<string, string>>): Visitor {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map((pair) => pair.join('=')).join('; ');

  return {
    origin,
    cookie,
    async fetch(path, init = {}) {
      const all = new Headers(init.headers);
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      if (jar.size > 0) all.set('cookie', cookie());
      const response = await fetch(origin + path, { ...init, headers: all, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) keep(line);
      return response;
    },
  };

  function keep(line: string): void {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const gone = /;\s*(?:max-age=0\b|expires=thu, 01 jan 1970)/i.test(line);
    if (gone) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
