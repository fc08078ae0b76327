import { type DuoAcceptedResults, isPhishingResistant, ruleAccepts } from './factors.js';
import { isSame } from './transaction.js';

/** How far Duo's clock and ours may differ, and how old a result may be (ms). */
const FRESH_MS = 300_000;
/** Duo remembers a device for a year at most. */
const REMEMBERED_MS = 366 * 24 * 3600 * 1000;
/** All times within one token are Duo's. */
const SAME_CLOCK_MS = 60_000;

export interface ExpectedResult {
  /** The name that was sent. */
  readonly username: string;
  readonly now: number;
  readonly accepted: DuoAcceptedResults;
  /** For a step-up: a fresh result of those that count there. */
  readonly stepUp: boolean;
}

export type DuoResult =
  | {
      readonly kind: 'allow';
      /** Duo's name of the phone; null for none. */
      readonly device: string | null;
      /** Counts only at login. */
      readonly loginOnly: boolean;
      readonly detail: string;
    }
  | { readonly kind: 'deny'; readonly reason: 'denied' | 'not-accepted'; readonly detail: string };

/**
 * Checks what the SDK leaves unchecked in an id_token: it resolves for a denied login and for an old one. Only an
 * explicit *allow* counts. `sub` is not compared: it is the person's primary name at Duo, which differs from the name
 * sent when that is an alias.
 */
export function readResult(
  token: unknown,
  { username, now, accepted, stepUp }: ExpectedResult,
): DuoResult {
  const claims = record(token);
  const { result, status } = record(claims.auth_result);
  const { factor, reason, auth_device } = record(claims.auth_context);
  const described = describe(claims, username);
  const deny = (what: string, why: 'denied' | 'not-accepted' = 'denied'): DuoResult => ({
    kind: 'deny',
    reason: why,
    detail: `${what}${described}`,
  });

  if (result !== 'allow' || (status !== 'allow' && status !== 'bypass')) return deny('auth_result');
  const { preferred_username: name, iat, auth_time: authTime } = claims;
  if (typeof name !== 'string' || !isSame(name, username)) return deny('preferred_username');
  if (!isSeconds(iat) || Math.abs(now - iat * 1000) > FRESH_MS) return deny('iat');
  // Nobody has approved at a time in the future.
  if (!isSeconds(authTime) || authTime * 1000 > now + FRESH_MS) return deny('auth_time');
  if (authTime * 1000 > iat * 1000 + SAME_CLOCK_MS) return deny('auth_time');
  if (now - authTime * 1000 > REMEMBERED_MS) return deny('auth_time');

  const remembered = now - authTime * 1000 > FRESH_MS;
  const enough = !remembered && ruleAccepts(accepted.stepUp, factor, reason);
  if (stepUp && remembered) return deny('auth_time', 'not-accepted');
  if (stepUp && !enough) return deny('factor', 'not-accepted');
  if (!stepUp && !ruleAccepts(accepted.login, factor, reason))
    return deny('factor', 'not-accepted');

  const { name: device } = record(auth_device);
  return {
    kind: 'allow',
    device: typeof device === 'string' && device.trim() !== '' ? device.trim() : null,
    loginOnly: !enough,
    detail: [
      `allow${described}`,
      ...(remembered ? ['remembered'] : []),
      ...(isPhishingResistant(factor) ? ['phishing-resistant'] : []),
    ].join(' '),
  };
}

/**
 * For the trail: ` txid=… factor=duo_push reason=user_approved result=success`, with unusual values of `status` and
 * `sub`. Never the device, which holds a telephone number.
 */
function describe(claims: Readonly<Record<string, unknown>>, username: string): string {
  const context = record(claims.auth_context);
  const { result, status } = record(claims.auth_result);
  const { sub } = claims;
  const words = ['txid', 'factor', 'reason', 'result']
    .map((name) => [name, context[name]] as const)
    .concat(status === result ? [] : [['status', status] as const])
    .filter(([, value]) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value));
  if (typeof sub === 'string' && sub !== username && /^[\p{L}\p{N}@._+\\-]{1,128}$/u.test(sub)) {
    words.push(['sub', sub]);
  }
  return words.map(([name, value]) => ` ${name}=${value}`).join('');
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
