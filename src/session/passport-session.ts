import type { Request } from 'express';

/**
 * Whether Passport has a user in the session that is not on the request, so `passport.session()` has not run yet: it
 * removes a user that it does not find.
 */
export function isPassportAwaited(req: Request): boolean {
  if (req.isAuthenticated?.() || req.user) return false;
  const kept: unknown = Reflect.get(req.session, 'passport');
  if (typeof kept !== 'object' || kept === null) return false;
  return (Reflect.get(kept, 'user') ?? null) !== null;
}
