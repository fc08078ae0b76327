import type { DuoApp } from './app.js';
import { isSeconds, LEEWAY_SECONDS, openJwt } from './jwt.js';

export type AssertionProblem =
  | 'unknown-client'
  | 'bad-signature' // or not a JWT, or not HS512
  | 'wrong-issuer'
  | 'wrong-subject'
  | 'wrong-audience'
  | 'expired'
  | 'issued-in-the-future'
  | 'no-jti'
  | 'replayed-jti';

/** Remembers the ids of assertions until those expire. */
export interface SeenIds {
  /** True for an id that was not seen before; from then on it is. */
  admit(id: string, expiresAtSeconds: number, nowSeconds: number): boolean;
  reset(): void;
}

export function seenIds(): SeenIds {
  const seen = new Map<string, number>();
  return {
    admit(id, expiresAt, now) {
      for (const [old, end] of seen) if (end + LEEWAY_SECONDS < now) seen.delete(old);
      if (seen.has(id)) return false;
      seen.set(id, expiresAt);
      return true;
    },
    reset: () => seen.clear(),
  };
}

export interface AssertionCheck {
  readonly assertion: string;
  readonly app: DuoApp | undefined;
  /** The full URL of the endpoint that was called. */
  readonly audience: string;
  readonly seen: SeenIds;
  /** Milliseconds. */
  readonly now: number;
}

/** RFC 7523 §3 as Duo applies it. The first check that fails, or null. */
export function checkAssertion(check: AssertionCheck): AssertionProblem | null {
  const { assertion, app, audience, seen } = check;
  const now = check.now / 1000;
  if (!app) return 'unknown-client';
  const claims = openJwt(assertion, app.clientSecret);
  if (!claims) return 'bad-signature';
  if (claims.iss !== app.clientId) return 'wrong-issuer';
  if (claims.sub !== app.clientId) return 'wrong-subject';
  if (claims.aud !== audience) return 'wrong-audience';
  if (!isSeconds(claims.exp) || claims.exp + LEEWAY_SECONDS <= now) return 'expired';
  if (!isSeconds(claims.iat) || claims.iat - LEEWAY_SECONDS > now) return 'issued-in-the-future';
  if (typeof claims.jti !== 'string' || claims.jti === '') return 'no-jti';
  // Last, so that only assertions which are good otherwise take up memory.
  return seen.admit(`${app.clientId} ${claims.jti}`, claims.exp, now) ? null : 'replayed-jti';
}
