import type { Request } from 'express';
import type { Cookie } from 'express-session';

/**
 * Gives the cookie of a renewed session the end that it had under the old id, whatever the host's default is now.
 * From the next response on the host decides again: with `rolling` it rolls.
 */
export function keepCookieEnd({ session }: Request, old: Cookie): void {
  const { cookie } = session;
  const { originalMaxAge, expires, maxAge: left } = old;
  if (originalMaxAge == null) {
    // A cookie for the browser's session, which the default of express-session may not be.
    cookie.originalMaxAge = null;
    cookie.expires = null;
    return;
  }
  if (!(expires instanceof Date) || Number(left) <= 0) {
    // Some stores extend a rolling session only by its key, so the stored end is outdated.
    cookie.maxAge = originalMaxAge;
    return;
  }
  cookie.expires = expires;
  cookie.originalMaxAge = originalMaxAge;
  // express-session restarts the lifetime before it sends a cookie.
  Object.defineProperty(session, 'touch', { configurable: true, value: () => session });
}
