import { hash } from 'node:crypto';
import type { SessionDigest } from '../contracts.js';

/** The name under which our store knows a session: whoever reads the store cannot make a cookie from it. */
export function sessionDigest(sessionId: string): SessionDigest {
  return hash('sha256', sessionId, 'base64url');
}
