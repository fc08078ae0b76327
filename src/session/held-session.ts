import type { Request } from 'express';
import type { SessionDigest } from '../contracts.js';
import { sessionDigest } from './assurance.js';
import { attached } from './attached.js';

/** What is known of the session that a request has. */
interface Held {
  readonly req: Request;
  readonly sessionId: string;
  readonly digest: SessionDigest;
  /** Whether it was in the store when its request came, and not made for it. */
  readonly loaded: boolean;
}

const held = attached<object, Held>('sallyport.held');

/** Notes a session as soon as its request has it. */
export function noteHeld(req: Request, digest: SessionDigest, loaded: boolean): void {
  held.set(req.session, { req, sessionId: req.sessionID, digest, loaded });
}

/** The request whose session this is, as long as it has no other. */
export function holderOf(session: object, sessionId: string): Request | null {
  const { req } = held.of(session) ?? {};
  return req?.session === session && req.sessionID === sessionId ? req : null;
}

/** Whether the request has brought its session along; false for one that was made for it. */
export function wasLoaded({ session }: Request): boolean {
  return held.of(session)?.loaded === true;
}

/** The name under which our store knows the session that a request has now. Hashed once. */
export function digestOf({ session, sessionID }: Request): SessionDigest {
  return digestIn(session, sessionID);
}

/** The same of a session by itself. */
export function digestIn(session: object | null | undefined, sessionId: string): SessionDigest {
  const found = held.of(session);
  return found?.sessionId === sessionId ? found.digest : sessionDigest(sessionId);
}
