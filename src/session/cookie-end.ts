import type { Request } from 'express';
import type { Cookie } from 'express-session';

/**
 * Gives the cookie of a session that goes on under a new id the end that it had under the old one, whatever has
 * become of the host's default since. From the next response on it is the host's again: with `rolling` it rolls.
 */
export function keepCookieEnd({ session }: Request, old: Cookie): void {
  const { cookie } = session;
  const { originalMaxAge, expires, maxAge: left } = old;
  if (originalMaxAge == null) {
    // A cookie for the browser's session; the default of express-session may be another one.
    cookie.originalMaxAge = null;
    cookie.expires = null;
    return;
  }
  if (!(expires instanceof Date) || Number(left) <= 0) {
    // A store that keeps a rolling session alive by its key alone knows of no later end.
    cookie.maxAge = originalMaxAge;
    return;
  }
  cookie.expires = expires;
  cookie.originalMaxAge = originalMaxAge;
  // Before it sends a cookie, express-session begins its lifetime anew.
  Object.defineProperty(session, 'touch', { configurable: true, value: () => session });
}
