import type { CookieOptions, Request, Response } from 'express';

/** Where a cookie is sent: below `path`, and only over TLS if the origin is `https:`. */
export interface CookiePlace {
  readonly origin: string;
  readonly path: string;
}

export interface OwnCookie {
  /** The raw value in a request; null without the cookie. */
  of(req: Pick<Request, 'headers'>): string | null;
  set(res: Response, place: CookiePlace, value: string, maxAgeMs: number): void;
  clear(res: Response, place: CookiePlace): void;
}

/**
 * One of our cookies: read without a parser, which hosts may not have mounted, and always set with the same
 * attributes.
 */
export function ownCookie(name: string): OwnCookie {
  const pattern = new RegExp(`(?:^|;\\s*)${name.replaceAll('.', '\\.')}=([^;\\s]*)`);
  return {
    of: ({ headers }) => pattern.exec(headers.cookie ?? '')?.[1] ?? null,
    set: (res, place, value, maxAge) => {
      res.cookie(name, value, { ...attributesAt(place), maxAge });
    },
    clear: (res, place) => {
      res.clearCookie(name, attributesAt(place));
    },
  };
}

function attributesAt({ origin, path }: CookiePlace): CookieOptions {
  return { path, httpOnly: true, sameSite: 'lax', secure: origin.startsWith('https:') };
}
