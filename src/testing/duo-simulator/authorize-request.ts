import type { DuoApp } from './app.js';
import { isSeconds, LEEWAY_SECONDS, openJwt } from './jwt.js';

/** A request that passed every check. */
export interface AuthorizeRequest {
  readonly clientId: string;
  readonly username: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string | null;
  readonly codeParameter: 'duo_code' | 'code';
  /** `max_age=0` or `prompt=login`: the person is to be asked, also where their device is remembered. */
  readonly fresh: boolean;
  /** `dest_app_name`: where the person signs in, as the phone says it. */
  readonly destination: string | null;
}

export const authorizeProblems = {
  'repeated-parameter': 'A parameter is given more than once.',
  'unknown-client': 'No application has this client_id.',
  'bad-signature':
    'The request is not a JWT signed with HS512 under this application’s secret key.',
  'wrong-issuer': 'iss and client_id in the request must both be the application’s client id.',
  'wrong-audience': 'aud in the request must be https:// and the API hostname.',
  expired: 'The request has expired.',
  'wrong-response-type': 'response_type must be code, inside and outside the request.',
  'wrong-scope': 'scope must be openid, inside and outside the request.',
  'wrong-redirect-uri': 'redirect_uri must be https or http://localhost.',
  'different-redirect-uri': 'redirect_uri must be the same inside and outside the request.',
  'wrong-state': 'state must be 16 to 1024 characters.',
  'wrong-username': 'duo_uname must name the user.',
  'wrong-code-attribute': 'use_duo_code_attribute must be true or false.',
} as const;

export type AuthorizeProblem = keyof typeof authorizeProblems;

export interface AuthorizeContext {
  readonly apps: ReadonlyMap<string, DuoApp>;
  readonly apiHost: string;
  /** Milliseconds. */
  readonly now: number;
}

/** The first check that fails, by name, or the request. */
export function checkAuthorize(
  query: URLSearchParams,
  { apps, apiHost, now }: AuthorizeContext,
): AuthorizeRequest | AuthorizeProblem {
  if (new Set(query.keys()).size !== query.size) return 'repeated-parameter';
  const app = apps.get(query.get('client_id') ?? '');
  if (!app) return 'unknown-client';
  const claims = openJwt(query.get('request') ?? '', app.clientSecret);
  if (!claims) return 'bad-signature';
  if (claims.iss !== app.clientId || claims.client_id !== app.clientId) return 'wrong-issuer';
  if (claims.aud !== `https://${apiHost}`) return 'wrong-audience';
  if (!isSeconds(claims.exp) || claims.exp + LEEWAY_SECONDS <= now / 1000) return 'expired';
  if (claims.response_type !== 'code' || query.get('response_type') !== 'code') {
    return 'wrong-response-type';
  }
  if (claims.scope !== 'openid' || query.get('scope') !== 'openid') return 'wrong-scope';

  const redirectUri = claims.redirect_uri;
  if (typeof redirectUri !== 'string' || !isAllowedRedirect(redirectUri)) {
    return 'wrong-redirect-uri';
  }
  if (query.get('redirect_uri') !== redirectUri) return 'different-redirect-uri';
  const { state, duo_uname: username, use_duo_code_attribute: duoCode, nonce } = claims;
  if (typeof state !== 'string' || state.length < 16 || state.length > 1024) return 'wrong-state';
  if (typeof username !== 'string' || username.trim() === '') return 'wrong-username';
  if (duoCode !== undefined && typeof duoCode !== 'boolean') return 'wrong-code-attribute';

  // What stands in the query wins over the signed request.
  const asked = (name: string) => query.get(name) ?? claims[name];
  const destination = asked('dest_app_name');
  return {
    clientId: app.clientId,
    username,
    redirectUri,
    state,
    nonce: typeof nonce === 'string' ? nonce : null,
    codeParameter: duoCode ? 'duo_code' : 'code',
    fresh: asked('prompt') === 'login' || String(asked('max_age')) === '0',
    destination: typeof destination === 'string' && destination !== '' ? destination : null,
  };
}

function isAllowedRedirect(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
}
