import type { Request, Response } from 'express';
import { sessionDigest } from './assurance.js';
import { attached } from './attached.js';
import { carriedBy, digestOf, holderOf } from './held-session.js';
import { type CookiePlace, ownCookie } from './own-cookie.js';
import type { SessionEnds } from './session-ends.js';

const overtaken = attached<Request, true>('sallyport.overtaken');
const cookie = ownCookie('sallyport.again');
/** How long after its renewal a session's old id is asked to try again. */
const TRIED_FOR_MS = 60_000;

/**
 * Whether a request comes with the old id of a session that was renewed a moment ago, or is about to be (`goesOn`), and
 * its browser has not tried again yet: it may have the new id by then. True at most once for each browser and id.
 */
export async function wentOn(req: Request, ends: SessionEnds, goesOn: boolean): Promise<boolean> {
  const { id } = carriedBy(req) ?? {};
  if (id === undefined || hasTried(req, id)) return false;
  return goesOn || (await ends.wasRenewed(sessionDigest(id)));
}

/**
 * Says that another request of this session may have got a new one, of which this process has not heard: the answer
 * leaves the browser's cookie alone.
 */
export function noteOvertaken(req: Request): void {
  overtaken.set(req, true);
}

/** Notes that this browser is about to try again. */
export function noteTried(req: Request, res: Response, place: CookiePlace): void {
  const { id } = carriedBy(req) ?? {};
  if (id !== undefined) cookie.set(res, place, mark(id), TRIED_FOR_MS);
}

/** Whether this browser has just tried again, with any id. */
export function triedAgain(req: Request): boolean {
  return cookie.of(req) !== null;
}

function hasTried(req: Request, id: string): boolean {
  return cookie.of(req) === mark(id);
}

/** A short digest that tells ids apart, and is useless to others. */
function mark(id: string): string {
  return sessionDigest(id).slice(0, 16);
}

/** Responses that must not set the cookie of an ended session. */
const watched = new WeakSet<Response>();

/**
 * Keeps the cookie of an ended session out of the answer. express-session sets it at the end of every request where
 * the host has `rolling`, and of every one that wrote to its session; when the session went on under another id
 * meanwhile, it would replace the new one in the browser.
 */
export function withholdEnded(req: Request, ends: SessionEnds): void {
  const { res } = req;
  // A WebSocket upgrade has no response of Express.
  if (typeof res?.setHeader !== 'function' || watched.has(res)) return;
  watched.add(res);
  const { setHeader } = res;
  res.setHeader = function withoutEnded(name, value) {
    if (name.length !== 10 || name.toLowerCase() !== 'set-cookie') {
      return setHeader.call(res, name, value);
    }
    const lines = (Array.isArray(value) ? value : [value]).map(String);
    // In the form of express-session: signed, then encoded.
    const named = `=s%3A${encodeURIComponent(req.sessionID)}.`;
    const sets = (line: string) => line.includes(named);
    if (!lines.some(sets) || !isEnded(req, ends)) return setHeader.call(res, name, value);
    const others = lines.filter((line) => !sets(line));
    if (others.length > 0) return setHeader.call(res, name, others);
    res.removeHeader(name);
    return res;
  };
}

/**
 * The same where the session has ended by now. Called whenever express-session may set the cookie next: a property of
 * each response, for what hardly ever happens, costs more than to look.
 */
export function withholdIfEnded(session: object, sessionId: string, ends: SessionEnds): void {
  const req = holderOf(session, sessionId);
  if (req && isEnded(req, ends)) withholdEnded(req, ends);
}

/** Checks it whenever the session is touched, which happens before its cookie is set. */
export function watchTouch({ session }: Request, ends: SessionEnds): void {
  const { touch } = session;
  const value = () => {
    withholdIfEnded(session, session.id, ends);
    return touch.call(session);
  };
  Object.defineProperty(session, 'touch', { value, writable: true, configurable: true });
}

function isEnded(req: Request, ends: SessionEnds): boolean {
  const { id, inPlace } = carriedBy(req) ?? {};
  if (id === undefined) return false;
  // Of its own id the browser has the cookie already: where nobody can tell at once, it can do without another.
  if (req.sessionID === id) {
    return overtaken.of(req) === true || atOnce(() => ends.isEnded(digestOf(req)), true);
  }
  // A session made because the store did not know the id. A login with it gets a new id.
  return (
    req.sessionID === inPlace &&
    !hasTried(req, id) &&
    atOnce(() => ends.wasRenewed(sessionDigest(id)), false)
  );
}

/** The answer if it is there at once; `otherwise` if it comes later or fails. */
function atOnce(ask: () => boolean | Promise<boolean>, otherwise: boolean): boolean {
  try {
    const answer = ask();
    if (!(answer instanceof Promise)) return answer;
    answer.catch(() => {});
    return otherwise;
  } catch {
    return otherwise;
  }
}
