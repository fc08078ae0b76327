import { createHash } from 'node:crypto';
import type { Kept, Method } from '../contracts.js';
import { type AskNow, nonsense } from './ask.js';

const TOKENS_AT_MOST = 4;
/** Enough to tell authenticators apart, since the owner is checked. */
const DIGEST_BYTES = 8;

/**
 * What an enrollment is found by in the store. Not a keyed digest: rotating the key would need the index to be
 * rebuilt, and the token is no secret.
 */
export function foundBy(method: string, token: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['found-by', method, token]))
    .digest()
    .subarray(0, DIGEST_BYTES)
    .toString('base64url');
}

/** The same from what is kept of an enrollment; undefined if it cannot be looked up. */
export function foundByOf(
  { name, lookup }: Pick<Method, 'name' | 'lookup'>,
  kept: () => Required<Kept>,
  askNow: AskNow,
): readonly string[] | undefined {
  if (!lookup) return undefined;
  const tokens: unknown = askNow('lookup.tokens', () => lookup.tokens(kept()));
  if (!Array.isArray(tokens) || tokens.length > TOKENS_AT_MOST || !tokens.every(isText)) {
    throw nonsense(name, 'lookup.tokens', `a list of at most ${TOKENS_AT_MOST} texts`);
  }
  return tokens.length === 0 ? undefined : [...new Set(tokens.map((one) => foundBy(name, one)))];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
