import { hash } from 'node:crypto';
import type { SessionDigest } from '../contracts.js';

/**
 * How long the mark of an ended session is kept. A request that overlaps the end may save the old session
 * back; the mark must outlive every such request, not every such session, since later saves are refused.
 */
export const ENDED_FOR_MS = 24 * 60 * 60 * 1000;

/** The name under which our store knows a session: whoever reads the store cannot make a cookie from it. */
export function sessionDigest(sessionId: string): SessionDigest {
  return hash('sha256', sessionId, 'base64url');
}
