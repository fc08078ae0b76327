import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { AssuranceRecord, SessionDigest, SubjectRecord } from '../contracts.js';
import { wasLoaded } from './held-session.js';
import type { Login, SallyportSessionData } from './session-data.js';

/**
 * The login that a session stands for, as the host's session keeps it. There it can only deny: it says of which
 * epoch the session is, which login a proof in our store must be of, and when the time between the doors is over.
 */
function newLogin(
  session: SessionDigest,
  { subjectId, epoch, until = null, proofsAfter }: WhoseSession,
): Login {
  const id = randomBytes(9).toString('base64url');
  return {
    ...{ id, session, subject: subjectId, epoch, until },
    ...(proofsAfter && { proofsAfter }),
  };
}

/** Whose session begins, as of which epoch; `until` where it is between the doors already. */
export interface WhoseSession {
  readonly subjectId: string;
  readonly epoch: number;
  readonly until?: number | null;
  readonly proofsAfter?: number | undefined;
}

/** Sessions that have gone on under a new id in this very request. */
const begunHere = new WeakSet<object>();

/** Notes the login of a session that goes on under a new id. */
export function beginLogin(req: Request, session: SessionDigest, whose: WhoseSession): Login {
  const login = newLogin(session, whose);
  req.session.sallyport = { login };
  begunHere.add(req.session);
  return login;
}

/**
 * From when on a proof at sign-in counts for a login, in a session that may hold what an earlier one has left: by
 * Passport's `keepSessionInfo`, or where a host takes the user out of a session and keeps it.
 */
export function proofsAfter(
  before: SallyportSessionData | undefined,
  subjectId: string | null,
  now: number,
): number | undefined {
  const login = before?.login;
  if (login === undefined) return undefined;
  return login !== null && login.subject === subjectId ? login.proofsAfter : now;
}

/** Whether we have begun it in this request, and so know whose it is without asking the host again. */
export function isBegunHere({ session }: Request): boolean {
  return begunHere.has(session);
}

/** What the session says of this subject's login under this id; null when it says nothing. */
export function notedLogin(
  { session: { sallyport } }: Request,
  session: SessionDigest,
  subjectId: string,
): Login | null {
  const kept = sallyport?.login;
  return kept?.session === session && kept.subject === subjectId ? kept : null;
}

/**
 * The login that a request comes with, where none is noted: a new one of this epoch. Not so where a slow request
 * has saved the session as it was before its login was noted: then the store knows of the time between the doors,
 * which must neither begin anew nor be of a later epoch. A proof there counts for no login but its own, and after
 * a logout (`null`) nothing is taken over.
 */
export function loginFrom(
  { session: { sallyport } }: Request,
  session: SessionDigest,
  subjectId: string,
  { epoch }: Pick<SubjectRecord, 'epoch'>,
  assurance: AssuranceRecord | null,
  now: number,
): Login {
  const begun = sallyport?.login === undefined && assurance?.state === 'pending' ? assurance : null;
  if (begun?.subjectId !== subjectId) {
    return newLogin(session, { subjectId, epoch, proofsAfter: proofsAfter(sallyport, null, now) });
  }
  const { login: id, epoch: began, expiresAt: until } = begun;
  return { id, session, subject: subjectId, epoch: began, until };
}

/**
 * Notes it in the session. Whatever else of ours is there was another person's, or came from another session, and
 * is dropped; but for what this very request has put into a session that was made for it.
 */
export function noteLogin(req: Request, login: Login): void {
  const { sallyport } = req.session;
  const own = sallyport?.login === undefined && !wasLoaded(req);
  req.session.sallyport = own ? { ...sallyport, login } : { login };
}

/** Notes when the time between the doors is over: the store forgets it sooner than the session may. */
export function noteUntil(req: Request, { id }: Login, until: number): void {
  const { sallyport } = req.session ?? {};
  if (sallyport?.login?.id !== id) return;
  req.session.sallyport = { ...sallyport, login: { ...sallyport.login, until } };
}

/** Whether somebody is signed in, as far as the session says. */
export function hasLogin({ session }: Request): boolean {
  return Boolean(session?.sallyport?.login);
}

/** Whoever was signed in is so no longer, and has taken along what was theirs. */
export function dropLogin(req: Request): void {
  req.session.sallyport = { login: null };
}
