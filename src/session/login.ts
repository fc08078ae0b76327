import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { AssuranceRecord, SessionDigest, SubjectRecord } from '../contracts.js';
import { wasLoaded } from './held-session.js';
import type { Login, SallyportSessionData } from './session-data.js';

/**
 * The login of a session, as noted in the host's session. There it can only deny: it gives the session's epoch, the
 * login that a proof in our store must belong to, and the end of the time between the doors.
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

/** The subject and epoch of a session that begins; `until` if it is between the doors already. */
export interface WhoseSession {
  readonly subjectId: string;
  readonly epoch: number;
  readonly until?: number | null;
  readonly proofsAfter?: number | undefined;
}

/** Sessions that were renewed in this request. */
const begunHere = new WeakSet<object>();

/** Notes the login of a renewed session. */
export function beginLogin(req: Request, session: SessionDigest, whose: WhoseSession): Login {
  const login = newLogin(session, whose);
  req.session.sallyport = { login };
  begunHere.add(req.session);
  return login;
}

/**
 * Since when a sign-in proof counts for a login, in a session that may hold proofs of an earlier one: by Passport's
 * `keepSessionInfo`, or if a host removes the user but keeps the session.
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

/** Whether it began in this request, so that its subject is known without asking the host again. */
export function isBegunHere({ session }: Request): boolean {
  return begunHere.has(session);
}

/** The session's note of this subject's login under this id; null for none. */
export function notedLogin(
  { session: { sallyport } }: Request,
  session: SessionDigest,
  subjectId: string,
): Login | null {
  const kept = sallyport?.login;
  return kept?.session === session && kept.subject === subjectId ? kept : null;
}

/**
 * The login of a request without a note: a new one of this epoch. Unless a slow request has saved the session as it
 * was before its note: then the store knows the time between the doors, which must neither restart nor get a later
 * epoch. A proof there counts only for its own login, and after a logout (`null`) nothing is taken over.
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
 * Notes it in the session. Our other data there belong to another person or session and are dropped, except what this
 * request has put into a session that was made for it.
 */
export function noteLogin(req: Request, login: Login): void {
  const { sallyport } = req.session;
  const own = sallyport?.login === undefined && !wasLoaded(req);
  req.session.sallyport = own ? { ...sallyport, login } : { login };
}

/** Notes the end of the time between the doors, which the store may forget before the session ends. */
export function noteUntil(req: Request, { id }: Login, until: number): void {
  const { sallyport } = req.session ?? {};
  if (sallyport?.login?.id !== id) return;
  req.session.sallyport = { ...sallyport, login: { ...sallyport.login, until } };
}

/** Whether somebody is signed in according to the session. */
export function hasLogin({ session }: Request): boolean {
  return Boolean(session?.sallyport?.login);
}

/** Notes that nobody is signed in any more, and drops the data of the login. */
export function dropLogin(req: Request): void {
  req.session.sallyport = { login: null };
}
