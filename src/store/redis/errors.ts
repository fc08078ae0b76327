import { LateError } from '../../deadline.js';
import { messageOf, SallyportError, UnavailableError } from '../../errors.js';
import type { Address } from './node.js';

/** Any failure of Redis, as the error that is answered with 503. */
export function unavailable(cause: unknown): UnavailableError {
  if (cause instanceof UnavailableError) return cause;
  return new UnavailableError('ERR_STORE_UNAVAILABLE', reason(cause), { cause });
}

export function notInitialized(): UnavailableError {
  return new UnavailableError(
    'ERR_STORE_NOT_INITIALIZED',
    'This Redis holds no Sallyport store. After `export --final` it has moved. New installation: run ' +
      '`npx sallyport init`; otherwise it was emptied or is the wrong one: restore your data.',
  );
}

export function partlyLost(): UnavailableError {
  return new UnavailableError(
    'ERR_STORE_NOT_INITIALIZED',
    'A part of this Cluster was emptied, or was not set up to the end: restore your data; then, or for a ' +
      'new installation, run `npx sallyport init`.',
  );
}

/** The master has the write, and would lose it if it failed now. */
export function notReplicated(done: number, wanted: number, ms: number): UnavailableError {
  return new UnavailableError(
    'ERR_STORE_UNAVAILABLE',
    `${done} of the ${wanted} replicas of waitReplicas acknowledged a write within ${ms} ms: it may be ` +
      'lost when the master is, and is not reported as done',
  );
}

function reason(cause: unknown): string {
  if (cause instanceof LateError) return `Redis does not answer: ${cause.message}`;
  const code = replyCode(cause);
  if (code) return `Redis refused the operation (${code})`;
  return `Redis cannot be reached: ${messageOf(cause)}`;
}

/** The first word of an error reply, e.g. READONLY; null for anything else. */
export function replyCode(cause: unknown): string | null {
  return (cause instanceof Error && /^([A-Z]{3,})\b/.exec(cause.message)?.[1]) || null;
}

/** The node that an error of a Cluster redirects to; null for any other error. */
export function redirection(
  error: unknown,
): { readonly kind: 'MOVED' | 'ASK'; readonly address: Address } | null {
  const cause = error instanceof UnavailableError ? error.cause : error;
  const said = cause instanceof Error ? /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(cause.message) : null;
  if (!said) return null;
  const [, kind, host = '', port] = said;
  return { kind: kind === 'ASK' ? 'ASK' : 'MOVED', address: { host, port: Number(port) } };
}

/** The error of `ready()` when the tracked connection cannot be made. */
export function connectError(cause: unknown): SallyportError {
  const message = cause instanceof Error ? cause.message : '';
  if (/client\|tracking|'client'|tracking/i.test(message) && /NOPERM|unknown/i.test(message)) {
    return new SallyportError(
      'ERR_REDIS_TRACKING',
      'The Redis user may not run CLIENT TRACKING, on which reading without delay rests: grant +client|tracking',
      { cause },
    );
  }
  if (/unknown command.*hello|NOPROTO/i.test(message)) {
    return new SallyportError('ERR_REDIS_TRACKING', 'Sallyport needs Redis 6 or later (RESP 3)', {
      cause,
    });
  }
  return unavailable(cause);
}
