import type { DuoApp } from './app.js';
import type { Grant } from './codes.js';
import type { FaultFor } from './faults.js';
import { type Claims, signJwt, unsignedJwt } from './jwt.js';

export interface TokenFacts {
  readonly grant: Grant;
  readonly app: DuoApp;
  readonly apiHost: string;
  /** Milliseconds. */
  readonly now: number;
  readonly setting: FaultFor<'token'> | null;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The id_token for a redeemed code, or what the setting makes of it. */
export function idToken({ grant, app, apiHost, now, setting }: TokenFacts): string {
  const offset = setting?.fault === 'clock-offset' ? setting.milliseconds : 0;
  const good = claimsOf(grant, app, apiHost, now + offset, grant.approvedAt + offset);
  const sign = (change: Claims = {}) => signJwt({ ...good, ...change }, app.clientSecret);

  switch (setting?.fault) {
    case 'wrong-aud':
      return sign({ aud: 'DI0000000000000000XX' });
    case 'wrong-iss':
      return sign({ iss: 'https://api-00000000.duosecurity.com/oauth/v1/token' });
    case 'wrong-sub':
      return sign({ sub: SOMEBODY_ELSE });
    case 'wrong-username':
      return sign({ preferred_username: SOMEBODY_ELSE });
    case 'wrong-username-case':
      return sign({ preferred_username: otherCase(grant.username) });
    case 'expired':
      return sign({ iat: good.iat - HOUR - 120, exp: good.iat - 120 });
    case 'bad-signature':
      return damaged(sign());
    case 'alg-hs256':
      return signJwt(good, app.clientSecret, 'HS256');
    case 'alg-none':
      return unsignedJwt(good);
    case 'junk':
      return 'junk';
    case 'deny':
      return sign({
        auth_result: { result: 'deny', status: 'deny', status_msg: 'Login request denied.' },
        auth_context: { ...good.auth_context, result: 'denied', reason: 'user_marked_fraud' },
      });
    case 'no-auth-result':
      return sign({ auth_result: undefined });
    case 'stale-iat':
      return sign({ iat: good.iat - DAY });
    case 'stale-auth-time':
      return sign({ auth_time: good.auth_time - DAY });
    case 'future-auth-time':
      return sign({ auth_time: good.auth_time + 600 });
    case 'authenticated-by': {
      const { factor, reason, status = 'allow' } = setting;
      return sign({
        auth_result: { ...good.auth_result, status },
        auth_context: { ...good.auth_context, factor, reason },
      });
    }
    default:
      return sign();
  }
}

export const SOMEBODY_ELSE = 'somebody-else@duo-simulator.test';

function claimsOf(grant: Grant, app: DuoApp, apiHost: string, now: number, approvedAt: number) {
  const iat = Math.floor(now / 1000);
  const authTime = Math.floor(approvedAt / 1000);
  const bypass = grant.reason === 'bypass_user';
  const nowhere = { city: null, state: null, country: null };
  return {
    iss: `https://${apiHost}/oauth/v1/token`,
    sub: grant.primaryName,
    aud: app.clientId,
    iat,
    exp: iat + HOUR,
    auth_time: authTime,
    preferred_username: grant.username,
    ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
    auth_result: {
      result: 'allow',
      // Also for a bypass user: Duo's own example applications let nobody in whose status is another.
      status: 'allow',
      status_msg: bypass ? 'Skipping two-factor authentication.' : 'Login Successful',
    },
    auth_context: {
      txid: grant.txid,
      timestamp: authTime,
      isotimestamp: new Date(authTime * 1000).toISOString(),
      event_type: 'authentication',
      factor: FACTORS[grant.reason],
      reason: grant.reason,
      result: 'success',
      alias: grant.username === grant.primaryName ? '' : grant.username,
      email: null,
      ood_software: null,
      user: { name: grant.primaryName, key: null, groups: [] },
      application: { name: app.name ?? app.clientId, key: app.clientId },
      auth_device: { ip: null, location: nowhere, name: grant.phone },
      access_device: { ip: '127.0.0.1', location: nowhere, hostname: null, epkey: null },
    },
  };
}

const FACTORS: Readonly<Record<Grant['reason'], string>> = {
  user_approved: 'duo_push',
  bypass_user: 'not_available',
  remembered_device: 'remembered_device',
};

function damaged(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

function otherCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}
