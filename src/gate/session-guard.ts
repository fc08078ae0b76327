import type { Request } from 'express';
import { UnavailableError } from '../errors.js';
import { isGuarded } from '../session/guarded-store.js';

/** The door's store of second factors, which identifies its sessions. */
type DoorStore = object;

/** A session belongs to one door: its data and ended ids mean nothing to another. */
export function guardOf({ sessionStore }: Request, store: DoorStore): 'none' | 'other' | 'own' {
  if (!isGuarded(sessionStore)) return 'none';
  const { installation } = sessionStore;
  return installation === null || installation === store ? 'own' : 'other';
}

/**
 * Throws `UnavailableError` (ERR_SESSION_MISSING, ERR_SESSION_STORE) for a request without a session of this door.
 */
export function checkSession(req: Request, store: DoorStore): void {
  if (!req.session) {
    throw new UnavailableError(
      'ERR_SESSION_MISSING',
      'the request has no session: put app.use(session({ … })) above app.use(door.pages()) and app.use(door.gate())',
    );
  }
  const guard = guardOf(req, store);
  if (guard === 'own') return;
  throw new UnavailableError(
    'ERR_SESSION_STORE',
    guard === 'none'
      ? 'the session store is not guarded: use session({ store: door.sessions(store) })'
      : 'the session is another door’s, which guards its store: give each door a session of its own, session({ name, store: door.sessions(store) })',
  );
}
