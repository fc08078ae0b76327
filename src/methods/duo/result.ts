import { isSame } from './transaction.js';

/** How far Duo's clock and ours may be apart, and how old a result may be. */
const FRESH_MS = 300_000;

export type DuoResult =
  | {
      readonly kind: 'allow';
      /** How Duo names the phone; null where it does not say. */
      readonly device: string | null;
      readonly detail: string;
    }
  | { readonly kind: 'deny'; readonly detail: string };

/**
 * What the SDK leaves unchecked in an id_token: it resolves for a denied login, for the token of another
 * `sub`, and for one of yesterday. Only what says *allow* in so many words is one.
 */
export function readResult(
  token: unknown,
  { username, now }: { readonly username: string; readonly now: number },
): DuoResult {
  const claims = record(token);
  const { result, status } = record(claims.auth_result);
  const detail = describe(claims);
  const deny = (why: string): DuoResult => ({ kind: 'deny', detail: `${why}${detail}` });

  if (result !== 'allow' || status !== 'allow') return deny('auth_result');
  const { preferred_username: name, sub } = claims;
  if (typeof name !== 'string' || !isSame(name, username)) return deny('preferred_username');
  if (sub !== undefined && (typeof sub !== 'string' || !isSame(sub, username))) return deny('sub');
  if (!isFresh(claims.iat, now)) return deny('iat');
  if (!isFresh(claims.auth_time, now)) return deny('auth_time');

  const { name: device } = record(record(claims.auth_context).auth_device);
  return {
    kind: 'allow',
    device: typeof device === 'string' && device.trim() !== '' ? device.trim() : null,
    detail: `allow${detail}`,
  };
}

/** For the trail: ` txid=… factor=duo_push reason=user_approved result=success`. Never the device: a number. */
function describe(claims: Readonly<Record<string, unknown>>): string {
  const context = record(claims.auth_context);
  return ['txid', 'factor', 'reason', 'result']
    .map((name) => [name, context[name]] as const)
    .filter(([, value]) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value))
    .map(([name, value]) => ` ${name}=${value}`)
    .join('');
}

function isFresh(seconds: unknown, now: number): boolean {
  return typeof seconds === 'number' && Math.abs(now - seconds * 1000) <= FRESH_MS;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
