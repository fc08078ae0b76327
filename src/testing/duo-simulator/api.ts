import { randomUUID } from 'node:crypto';
import type { Account } from './account.js';
import { type AssertionProblem, checkAssertion } from './assertions.js';
import type { CodeProblem } from './codes.js';
import type { FaultFor } from './faults.js';
import { json, type Reply } from './reply.js';
import { idToken } from './tokens.js';

export const HEALTH_CHECK_PATH = '/oauth/v1/health_check';
export const TOKEN_PATH = '/oauth/v1/token';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const assertionDetails: Readonly<Record<AssertionProblem, string>> = {
  'unknown-client': 'The client_id is unknown.',
  'bad-signature': 'Failed to verify the signature of the client_assertion.',
  'wrong-issuer': 'iss in the client_assertion is not the client_id.',
  'wrong-subject': 'sub in the client_assertion is not the client_id.',
  'wrong-audience': 'aud in the client_assertion is not this URL.',
  expired: 'The client_assertion has expired.',
  'issued-in-the-future': 'iat in the client_assertion is in the future.',
  'no-jti': 'The client_assertion has no jti.',
  'replayed-jti': 'The client_assertion was used before.',
};

export function healthCheck(account: Account, form: URLSearchParams): Reply {
  const clientId = knownClient(account, form);
  const timestamp = Math.floor(account.now() / 1000);
  const outcome = assertionProblem(account, form, HEALTH_CHECK_PATH);
  if (outcome === null) {
    return json(200, { stat: 'OK', response: { timestamp } }, { outcome: 'ok', ...clientId });
  }
  const failure = {
    stat: 'FAIL',
    code: 40002,
    timestamp,
    message: 'invalid_client',
    message_detail: assertionDetails[outcome],
  };
  return json(400, failure, { outcome, ...clientId });
}

export function token(
  account: Account,
  form: URLSearchParams,
  setting: FaultFor<'token'> | null,
): Reply {
  const clientId = knownClient(account, form);
  const fail = (error: string, error_description: string, outcome: string) =>
    json(400, { error, error_description }, { outcome, ...clientId });

  if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return fail('invalid_client', 'The client_assertion_type is wrong.', 'wrong-assertion-type');
  }
  const problem = assertionProblem(account, form, TOKEN_PATH);
  if (problem !== null) return fail('invalid_client', assertionDetails[problem], problem);
  if (form.get('grant_type') !== 'authorization_code') {
    return fail('invalid_grant', 'The grant_type must be authorization_code.', 'wrong-grant-type');
  }

  const app = account.apps.get(form.get('client_id') ?? '')!;
  const claim = {
    code: form.get('code') ?? '',
    clientId: app.clientId,
    redirectUri: form.get('redirect_uri') ?? '',
  };
  const now = account.now();
  const grant = account.codes.redeem(claim, now);
  if (typeof grant === 'string') return fail('invalid_grant', codeDetails[grant], grant);

  const answer = {
    id_token: idToken({ grant, app, apiHost: account.apiHost, now, setting }),
    access_token: randomUUID(),
    expires_in: 3600,
    token_type: 'Bearer',
  };
  const { username } = grant;
  return json(200, answer, { outcome: 'ok', ...clientId, username });
}

const codeDetails: Readonly<Record<CodeProblem, string>> = {
  'unknown-code': 'The code is unknown.',
  'used-code': 'The code was used before.',
  'expired-code': 'The code has expired.',
  'code-of-another-application': 'The code was issued to another application.',
  'wrong-redirect-uri': 'The redirect_uri is not the one that the code was issued for.',
};

function assertionProblem(
  { apps, apiHost, seen, now }: Account,
  form: URLSearchParams,
  path: string,
): AssertionProblem | null {
  return checkAssertion({
    assertion: form.get('client_assertion') ?? '',
    app: apps.get(form.get('client_id') ?? ''),
    audience: `https://${apiHost}${path}`,
    seen,
    now: now(),
  });
}

function knownClient({ apps }: Account, form: URLSearchParams): { clientId?: string } {
  const clientId = form.get('client_id');
  return clientId !== null && apps.has(clientId) ? { clientId } : {};
}
