import type { Request } from 'express';
import type { SessionDigest } from '../contracts.js';
import { sessionDigest } from './assurance.js';
import { attached } from './attached.js';

/** What is known of a request's session. */
interface Held {
  readonly req: Request;
  readonly sessionId: string;
  readonly digest: SessionDigest;
  /** Whether it was in the store when the request came, not made for it. */
  readonly loaded: boolean;
  readonly carried: CarriedId | null;
}

/** The id that a request came with, and that of the session made for it if there was none. */
export interface CarriedId {
  readonly id: string;
  readonly inPlace: string | null;
}

const held = attached<object, Held>('sallyport.held');

/** Notes a session as soon as its request has it. */
export function noteHeld(req: Request, session: Pick<Held, 'digest' | 'loaded' | 'carried'>): void {
  held.set(req.session, { req, sessionId: req.sessionID, ...session });
}

/** The id that the request came with; undefined before it has a session. */
export function carriedBy({ session }: Request): CarriedId | null | undefined {
  return held.of(session)?.carried;
}

/** The request of this session, as long as it has no other session. */
export function holderOf(session: object, sessionId: string): Request | null {
  const { req } = held.of(session) ?? {};
  return req?.session === session && req.sessionID === sessionId ? req : null;
}

/** Whether the request came with its session; false for one that was made for it. */
export function wasLoaded({ session }: Request): boolean {
  return held.of(session)?.loaded === true;
}

/** The digest of a request's present session, computed once. */
export function digestOf({ session, sessionID }: Request): SessionDigest {
  return digestIn(session, sessionID);
}

/** The same for a session. */
export function digestIn(session: object | null | undefined, sessionId: string): SessionDigest {
  const found = held.of(session);
  return found?.sessionId === sessionId ? found.digest : sessionDigest(sessionId);
}
