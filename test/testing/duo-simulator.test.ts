import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@duosecurity/duo_universal';
import { duoSimulatorAgent } from '../../src/testing/duo-simulator/agent.js';
import type {
  DuoCallbackFault,
  DuoTokenFault,
  DuoWireFault,
} from '../../src/testing/duo-simulator/faults.js';
import { API_HOST_PATTERN } from '../../src/testing/duo-simulator/hosts.js';
import { type Claims, signJwt } from '../../src/testing/duo-simulator/jwt.js';
import { duoKeys } from '../../src/testing/duo-simulator/keys.js';
import { type DuoSimulator, duoSimulator } from '../../src/testing/duo-simulator/simulator.js';
import { makeCertificates } from '../../src/testing/simulator/certificates.js';

const HEALTH = '/oauth/v1/health_check';
const TOKEN = '/oauth/v1/token';
const AUTHORIZE = '/oauth/v1/authorize';
const REDIRECT_URL = 'http://localhost:3000/two-factor/duo/callback';
const MINUTE = 60_000;
const USER = 'user1@globex.example';

const globex = { ...duoKeys(), name: 'Globex console' };
const initech = { ...duoKeys(), name: 'Initech <console>' };

describe('duoSimulator', () => {
  let duo: DuoSimulator;
  let clockOffset = 0;

  before(async () => {
    duo = await duoSimulator({
      apps: [globex, initech],
      users: {
        [USER]: 'active',
        'bypassed@globex.example': 'bypass',
        'new@globex.example': 'unenrolled',
        'locked@globex.example': 'locked',
        'disabled@globex.example': 'disabled',
      },
      now: () => Date.now() + clockOffset,
    });
  });
  beforeEach(() => {
    clockOffset = 0;
    duo.reset();
  });
  after(() => duo.close());

  function clientFor(keys = globex, options: { redirectUrl?: string; duoCode?: boolean } = {}) {
    const client = new Client({
      clientId: keys.clientId,
      clientSecret: keys.clientSecret,
      apiHost: duo.apiHost,
      redirectUrl: options.redirectUrl ?? REDIRECT_URL,
      useDuoCodeAttribute: options.duoCode ?? true,
    });
    Object.assign(axiosOf(client).defaults, { httpsAgent: duo.agent, proxy: false });
    return client;
  }

  async function approvedCode(client = clientFor(), username = USER): Promise<string> {
    const { callback } = await duo.answer(await client.createAuthUrl(username, 's'.repeat(36)));
    return queryOf(callback).get('duo_code')!;
  }

  /** A form to the API, with whatever comes back. */
  function post(path: string, form: Record<string, string>, more: object = {}) {
    return axiosOf(clientFor()).post(path, new URLSearchParams(form), {
      validateStatus: () => true,
      maxRedirects: 0,
      ...more,
    });
  }

  function assertion(path: string, change: Claims = {}, secret = globex.clientSecret): string {
    const iat = Math.floor(Date.now() / 1000);
    const id = globex.clientId;
    const aud = `https://${duo.apiHost}${path}`;
    return signJwt(
      { iss: id, sub: id, aud, jti: crypto.randomUUID(), iat, exp: iat + 300, ...change },
      secret,
    );
  }

  describe('as a host', () => {
    it('passes the check for a Duo host name and answers the SDK over TLS', async () => {
      assert.match(duo.apiHost, API_HOST_PATTERN);
      const health = await clientFor().healthCheck();
      assert.equal(health.stat, 'OK');
      assert.ok(Math.abs(health.response.timestamp - Date.now() / 1000) < 10);
    });

    it('is not trusted by an agent that knows another authority', async () => {
      const { ca } = await makeCertificates(['other.test']);
      const client = clientFor();
      axiosOf(client).defaults.httpsAgent = duoSimulatorAgent({ ...duo, ca });
      const error = await refusal(client.healthCheck());
      assert.match(String(error.inner?.code), /CERT|SIGNATURE/);
      assert.equal(duo.log.length, 0);
    });

    it('has an agent that reaches no other host', async () => {
      const client = clientFor();
      axiosOf(client).defaults.baseURL = 'https://api-00000000.duosecurity.com';
      assert.match((await refusal(client.healthCheck())).message, /agent reaches .* only/);
    });

    it('keeps the API off the plain http origin', async () => {
      for (const path of [HEALTH, TOKEN]) {
        const response = await fetch(duo.promptOrigin + path, { method: 'POST' });
        assert.equal(response.status, 404);
      }
    });

    it('refuses options that make no sense, naming them', async () => {
      const good = { apps: [globex], users: {}, now: Date.now };
      const bad: [object, RegExp][] = [
        [{ apps: [] }, /apps must name/],
        [{ apps: [{ ...globex, clientId: 'short' }] }, /apps\[0\]\.clientId/],
        [{ apps: [{ ...globex, clientSecret: 'short' }] }, /apps\[0\]\.clientSecret/],
        [{ apps: [globex, globex] }, /apps\[1\]\.clientId is listed twice/],
        [{ apiHost: 'localhost:8443' }, /apiHost/],
        [{ users: { [USER]: 'asleep' } }, /user1@globex\.example.*must be one of/],
        [{ now: 5 }, /now/],
      ];
      for (const [change, message] of bad) {
        await assert.rejects(duoSimulator({ ...good, ...change }), { code: 'ERR_OPTION', message });
      }
    });

    it('leaves no server behind when the second port is taken', async () => {
      const free = await duoSimulator({ apps: [globex], users: {}, now: Date.now });
      const { port } = free;
      await free.close();
      const promptPort = Number(new URL(duo.promptOrigin).port);
      const options = { apps: [globex], users: {}, now: Date.now, port };
      await assert.rejects(duoSimulator({ ...options, promptPort }), { code: 'EADDRINUSE' });
      const again = await duoSimulator(options);
      assert.equal(again.port, port);
      await again.close();
    });
  });

  describe('outcomes', () => {
    it('lets an approved user in, once', async () => {
      const client = clientFor();
      const state = client.generateState();
      const walk = await duo.answer(await client.createAuthUrl(USER, state));
      const query = queryOf(walk.callback);
      assert.equal(query.get('state'), state);
      assert.ok(walk.callback?.startsWith(`${REDIRECT_URL}?`));

      const code = query.get('duo_code')!;
      const token = await client.exchangeAuthorizationCodeFor2FAResult(code, USER);
      assert.equal(token.auth_result.result, 'allow');
      assert.equal(token.sub, USER);
      assert.equal(token.auth_context.factor, 'duo_push');
      assert.equal(token.auth_context.reason, 'user_approved');
      assert.ok(Math.abs(token.auth_time - Date.now() / 1000) < 10);

      const again = await refusal(client.exchangeAuthorizationCodeFor2FAResult(code, USER));
      assert.match(again.message, /^invalid_grant/);
      assert.equal(duo.log.at(-1)?.outcome, 'used-code');
    });

    it('names the parameter code when use_duo_code_attribute is false', async () => {
      const client = clientFor(globex, { duoCode: false });
      const { callback } = await duo.answer(await client.createAuthUrl(USER, 's'.repeat(36)));
      assert.deepEqual([...queryOf(callback).keys()], ['code', 'state']);
    });

    it('keeps a query that the redirect URI already has', async () => {
      const client = clientFor(globex, { redirectUrl: 'https://console.globex.example/cb?a=1' });
      const { callback } = await duo.answer(await client.createAuthUrl(USER, 's'.repeat(36)));
      assert.deepEqual([...queryOf(callback).keys()], ['a', 'duo_code', 'state']);
    });

    for (const [answer, outcome, title] of [
      ['deny', 'denied', 'Login denied'],
      ['fraud', 'reported-fraud', 'Reported as fraud'],
      ['timeout', 'timed-out', 'No answer in time'],
    ] as const) {
      it(`keeps the user at the prompt after ${answer}`, async () => {
        const walk = await duo.answer(
          await clientFor().createAuthUrl(USER, 's'.repeat(36)),
          answer,
        );
        assert.equal(walk.callback, null);
        assert.equal(walk.status, 200);
        assert.match(walk.html, new RegExp(`<h1>${title}</h1>`));
        assert.ok(duo.log.some((entry) => entry.outcome === outcome));
      });
    }

    it('asks again after a denial, but not after a report of fraud', async () => {
      const open = async () => openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      const denied = await open();
      await denied.post({ answer: 'deny' });
      assert.equal((await denied.post({ answer: 'approve' })).status, 409);
      assert.equal((await denied.post({ answer: 'again' })).status, 303);
      const approved = await denied.post({ answer: 'approve' });
      assert.ok(approved.headers.get('location')?.startsWith(REDIRECT_URL));

      const reported = await open();
      await reported.post({ answer: 'fraud' });
      assert.equal((await reported.post({ answer: 'again' })).status, 409);
    });

    it('gives one code per prompt', async () => {
      const prompt = await openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      assert.equal((await prompt.post({ answer: 'approve' })).status, 303);
      const second = await prompt.post({ answer: 'approve' });
      assert.equal(second.status, 409);
      assert.equal(second.headers.get('location'), null);
    });

    it('closes a prompt after ten minutes', async () => {
      const prompt = await openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      clockOffset = 10 * MINUTE + 1000;
      assert.equal((await prompt.post({ answer: 'approve' })).status, 404);
    });

    it('registers a phone in two steps before it asks', async () => {
      const username = 'new@globex.example';
      const client = clientFor();
      const prompt = await openPrompt(await client.createAuthUrl(username, 's'.repeat(36)));
      assert.match(await prompt.html(), /data-sp="duo-phone"/);
      assert.equal((await prompt.post({ answer: 'approve' })).status, 409);

      const bad = await prompt.post({ answer: 'phone', phone: '"><script>' });
      assert.equal(bad.status, 422);
      const badHtml = await bad.text();
      assert.match(badHtml, /role="alert"/);
      assert.doesNotMatch(badHtml, /<script/);

      await prompt.post({ answer: 'phone', phone: '+1 (202) 555-0101' });
      assert.match(await prompt.html(), /data-sp="continue"/);
      assert.match(await prompt.html(), /12025550101/);
      assert.equal((await prompt.post({ answer: 'approve' })).status, 409);
      await prompt.post({ answer: 'change' });
      assert.match(await prompt.html(), /data-sp="duo-phone"/);

      await prompt.post({ answer: 'phone', phone: '2025550102' });
      await prompt.post({ answer: 'confirm' });
      assert.match(await prompt.html(), /data-sp="duo-approve"/);
      assert.deepEqual(
        duo.users.find((user) => user.username === username),
        { username, state: 'active', phone: '2025550102' },
      );
      const back = await prompt.post({ answer: 'approve' });
      const code = queryOf(back.headers.get('location')).get('duo_code')!;
      const token = await client.exchangeAuthorizationCodeFor2FAResult(code, username);
      assert.equal(token.auth_context.auth_device.name, '2025550102');
    });

    it('takes whoever it does not know as not enrolled, and knows names in any case', async () => {
      const url = await clientFor().createAuthUrl('Unheard-Of@globex.example', 's'.repeat(36));
      assert.ok((await duo.answer(url)).callback);
      assert.equal(duo.users.at(-1)?.username, 'Unheard-Of@globex.example');
      const other = await openPrompt(
        await clientFor().createAuthUrl('unheard-of@GLOBEX.example', 's'.repeat(36)),
      );
      assert.match(await other.html(), /data-sp="duo-approve"/);
    });

    it('lets a bypass user in without a page', async () => {
      const client = clientFor();
      const username = 'bypassed@globex.example';
      const { callback } = await duo.answer(await client.createAuthUrl(username, 's'.repeat(36)));
      const code = queryOf(callback).get('duo_code')!;
      const token = await client.exchangeAuthorizationCodeFor2FAResult(code, username);
      assert.equal(token.auth_result.result, 'allow');
      assert.equal(token.auth_context.reason, 'bypass_user');
      assert.deepEqual(
        duo.log.map((entry) => `${entry.endpoint} ${entry.outcome}`),
        ['authorize bypassed', 'token ok'],
      );
    });

    for (const state of ['locked', 'disabled'] as const) {
      it(`refuses a ${state} user, who stays at the prompt`, async () => {
        const url = await clientFor().createAuthUrl(`${state}@globex.example`, 's'.repeat(36));
        const walk = await duo.answer(url);
        assert.equal(walk.callback, null);
        assert.equal(walk.status, 403);
        assert.match(walk.html, new RegExp(`<h1>Account ${state}</h1>`));
      });

      it(`refuses an approval by a user who was ${state} while at the prompt`, async () => {
        const prompt = await openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
        duo.setUser(USER, state);
        const response = await prompt.post({ answer: 'approve' });
        assert.equal(response.status, 409);
        assert.equal(response.headers.get('location'), null);
      });
    }
  });

  describe('client assertions', () => {
    const cases: [string, () => Claims | string, string][] = [
      ['signed with another secret', () => assertion(HEALTH, {}, 'x'.repeat(40)), 'bad-signature'],
      ['that is no JWT', () => 'junk', 'bad-signature'],
      ['of another issuer', () => ({ iss: initech.clientId }), 'wrong-issuer'],
      ['of another subject', () => ({ sub: initech.clientId }), 'wrong-subject'],
      ['for another endpoint', () => ({ aud: `https://${duo.apiHost}${TOKEN}` }), 'wrong-audience'],
      ['without exp', () => ({ exp: undefined }), 'expired'],
      ['past its exp', () => ({ exp: Date.now() / 1000 - 61 }), 'expired'],
      ['from the future', () => ({ iat: Date.now() / 1000 + 120 }), 'issued-in-the-future'],
      ['without jti', () => ({ jti: undefined }), 'no-jti'],
    ];
    for (const [name, make, outcome] of cases) {
      it(`refuses one ${name}`, async () => {
        const made = make();
        const client_assertion = typeof made === 'string' ? made : assertion(HEALTH, made);
        const form = { client_id: globex.clientId, client_assertion };
        const { status, data } = await post(HEALTH, form);
        assert.equal(status, 400);
        assert.deepEqual(
          { ...data, timestamp: 0, message_detail: '' },
          {
            stat: 'FAIL',
            code: 40002,
            message: 'invalid_client',
            timestamp: 0,
            message_detail: '',
          },
        );
        assert.equal(duo.log.at(-1)?.outcome, outcome);
      });
    }

    it('takes one that is right', async () => {
      const form = { client_id: globex.clientId, client_assertion: assertion(HEALTH) };
      assert.equal((await post(HEALTH, form)).data.stat, 'OK');
    });

    it('refuses one under HS256', async () => {
      const [, claims = ''] = assertion(HEALTH).split('.');
      const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString());
      const client_assertion = signJwt(decoded, globex.clientSecret, 'HS256');
      const { status } = await post(HEALTH, { client_id: globex.clientId, client_assertion });
      assert.equal(status, 400);
      assert.equal(duo.log.at(-1)?.outcome, 'bad-signature');
    });

    it('refuses one that is HS512 and says otherwise', async () => {
      const [, claims] = assertion(HEALTH).split('.');
      const header = Buffer.from('{"alg":"HS384"}').toString('base64url');
      const input = `${header}.${claims}`;
      const mac = createHmac('sha512', globex.clientSecret).update(input).digest('base64url');
      const form = { client_id: globex.clientId, client_assertion: `${input}.${mac}` };
      assert.equal((await post(HEALTH, form)).status, 400);
      assert.equal(duo.log.at(-1)?.outcome, 'bad-signature');
    });

    it('refuses an unknown client id', async () => {
      const { clientId } = duoKeys();
      assert.equal((await post(HEALTH, { client_id: clientId })).status, 400);
      assert.equal(duo.log.at(-1)?.outcome, 'unknown-client');
      assert.equal(duo.log.at(-1)?.clientId, null);
    });

    it('takes each jti once, whichever the endpoint', async () => {
      const form = { client_id: globex.clientId, client_assertion: assertion(HEALTH) };
      assert.equal((await post(HEALTH, form)).status, 200);
      const replay = await post(HEALTH, form);
      assert.equal(replay.status, 400);
      assert.equal(replay.data.message, 'invalid_client');
      assert.equal(duo.log.at(-1)?.outcome, 'replayed-jti');

      const jti = crypto.randomUUID();
      const { clientId: client_id } = globex;
      await post(HEALTH, { client_id, client_assertion: assertion(HEALTH, { jti }) });
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      const client_assertion = assertion(TOKEN, { jti });
      await post(TOKEN, { client_id, client_assertion_type, client_assertion });
      assert.equal(duo.log.at(-1)?.outcome, 'replayed-jti');
    });

    it('judges by the injected clock', async () => {
      clockOffset = 7 * MINUTE;
      const error = await refusal(clientFor().healthCheck());
      assert.equal(error.message, 'invalid_client: The client_assertion has expired.');
    });

    it('tells the SDK with the wrong secret so, at both endpoints', async () => {
      const code = await approvedCode();
      const wrong = clientFor({ ...globex, clientSecret: duoKeys().clientSecret });
      assert.match((await refusal(wrong.healthCheck())).message, /^invalid_client: /);
      const exchange = wrong.exchangeAuthorizationCodeFor2FAResult(code, USER);
      assert.match((await refusal(exchange)).message, /^invalid_client: /);
    });
  });

  describe('codes', () => {
    it('live for 60 s', async () => {
      const client = clientFor();
      const [inTime, late] = [await approvedCode(client), await approvedCode(client)];
      clockOffset = MINUTE - 5000;
      assert.ok(await client.exchangeAuthorizationCodeFor2FAResult(inTime, USER));
      clockOffset = MINUTE + 1000;
      const error = await refusal(client.exchangeAuthorizationCodeFor2FAResult(late, USER));
      assert.match(error.message, /^invalid_grant/);
      assert.equal(duo.log.at(-1)?.outcome, 'expired-code');
    });

    it('are worth nothing to another application, and are not burned by its attempt', async () => {
      const code = await approvedCode();
      const theirs = clientFor(initech).exchangeAuthorizationCodeFor2FAResult(code, USER);
      assert.match((await refusal(theirs)).message, /^invalid_grant/);
      assert.equal(duo.log.at(-1)?.outcome, 'code-of-another-application');
      assert.ok(await clientFor().exchangeAuthorizationCodeFor2FAResult(code, USER));
    });

    it('are bound to the redirect URI', async () => {
      const other = clientFor(globex, { redirectUrl: 'http://localhost:3000/other' });
      const exchange = other.exchangeAuthorizationCodeFor2FAResult(await approvedCode(), USER);
      assert.match((await refusal(exchange)).message, /^invalid_grant/);
      assert.equal(duo.log.at(-1)?.outcome, 'wrong-redirect-uri');
    });

    it('are refused when made up', async () => {
      const exchange = clientFor().exchangeAuthorizationCodeFor2FAResult('a'.repeat(32), USER);
      assert.match((await refusal(exchange)).message, /^invalid_grant/);
      assert.equal(duo.log.at(-1)?.outcome, 'unknown-code');
    });

    for (const [name, value, outcome] of [
      ['grant_type', 'password', 'wrong-grant-type'],
      ['client_assertion_type', 'jwt', 'wrong-assertion-type'],
    ] as const) {
      it(`need the right ${name}`, async () => {
        const form = {
          grant_type: 'authorization_code',
          code: await approvedCode(),
          redirect_uri: REDIRECT_URL,
          client_id: globex.clientId,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        };
        const send = (change: object) =>
          post(TOKEN, { ...form, client_assertion: assertion(TOKEN), ...change });
        assert.equal((await send({ [name]: value })).status, 400);
        assert.equal(duo.log.at(-1)?.outcome, outcome);
        assert.equal((await send({})).data.token_type, 'Bearer');
      });
    }
  });

  describe('authorize', () => {
    interface Request {
      readonly claims?: Claims;
      readonly outer?: Record<string, string>;
      readonly secret?: string;
      readonly alg?: 'HS256';
    }
    function authorize({ claims, outer, secret = globex.clientSecret, alg }: Request) {
      const request = {
        response_type: 'code',
        scope: 'openid',
        exp: Math.floor(Date.now() / 1000) + 300,
        client_id: globex.clientId,
        redirect_uri: REDIRECT_URL,
        state: 's'.repeat(36),
        duo_uname: USER,
        iss: globex.clientId,
        aud: `https://${duo.apiHost}`,
        use_duo_code_attribute: true,
        ...claims,
      };
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: globex.clientId,
        request: signJwt(request, secret, alg),
        redirect_uri: REDIRECT_URL,
        scope: 'openid',
        ...outer,
      });
      return fetch(`${duo.promptOrigin}${AUTHORIZE}?${query}`, { redirect: 'manual' });
    }
    const uri = (redirect_uri: string): Request => ({
      claims: { redirect_uri },
      outer: { redirect_uri },
    });

    const good: [string, Request | (() => Request)][] = [
      ['the request of the SDK', {}],
      ['a state of 16 characters', { claims: { state: 's'.repeat(16) } }],
      ['a state of 1024 characters', { claims: { state: 's'.repeat(1024) } }],
      ['https anywhere', uri('https://console.globex.example/cb')],
      ['an exp within the leeway', () => ({ claims: { exp: Math.floor(Date.now() / 1000) } })],
    ];
    for (const [name, request] of good) {
      it(`takes ${name}`, async () => {
        const response = await authorize(typeof request === 'function' ? request() : request);
        assert.equal(response.status, 302);
        assert.match(String(response.headers.get('location')), /^\/frame\/prompt\/[0-9a-f]{32}$/);
      });
    }

    const bad: [string, Request, string][] = [
      ['an unknown client', { outer: { client_id: duoKeys().clientId } }, 'unknown-client'],
      ['another secret', { secret: 'x'.repeat(40) }, 'bad-signature'],
      ['HS256', { alg: 'HS256' }, 'bad-signature'],
      ['a request that is no JWT', { outer: { request: 'junk' } }, 'bad-signature'],
      ['another iss', { claims: { iss: initech.clientId } }, 'wrong-issuer'],
      ['another client_id inside', { claims: { client_id: initech.clientId } }, 'wrong-issuer'],
      ['another aud', { claims: { aud: 'https://api-0.duosecurity.com' } }, 'wrong-audience'],
      ['no exp', { claims: { exp: undefined } }, 'expired'],
      ['an exp long past', { claims: { exp: Math.floor(Date.now() / 1000) - 61 } }, 'expired'],
      ['another response_type', { outer: { response_type: 'token' } }, 'wrong-response-type'],
      ['another one inside', { claims: { response_type: 'token' } }, 'wrong-response-type'],
      ['another scope', { outer: { scope: 'email' } }, 'wrong-scope'],
      ['another scope inside', { claims: { scope: 'email' } }, 'wrong-scope'],
      ['plain http elsewhere', uri('http://console.globex.example/cb'), 'wrong-redirect-uri'],
      ['a script as redirect', uri('javascript:alert(1)'), 'wrong-redirect-uri'],
      ['a relative redirect', uri('/cb'), 'wrong-redirect-uri'],
      [
        'two different redirects',
        { outer: { redirect_uri: 'https://evil.example/' } },
        'different-redirect-uri',
      ],
      ['no state', { claims: { state: undefined } }, 'wrong-state'],
      ['a state of 15 characters', { claims: { state: 's'.repeat(15) } }, 'wrong-state'],
      ['a state of 1025 characters', { claims: { state: 's'.repeat(1025) } }, 'wrong-state'],
      ['no duo_uname', { claims: { duo_uname: undefined } }, 'wrong-username'],
      ['an empty duo_uname', { claims: { duo_uname: ' ' } }, 'wrong-username'],
      [
        'a use_duo_code_attribute that is a string',
        { claims: { use_duo_code_attribute: 'false' } },
        'wrong-code-attribute',
      ],
    ];
    for (const [name, request, outcome] of bad) {
      it(`answers ${name} with a page and no redirect`, async () => {
        const response = await authorize(request);
        assert.equal(response.status, 400);
        assert.equal(response.headers.get('location'), null);
        assert.match(await response.text(), /<h1>Bad request<\/h1>/);
        assert.equal(duo.log.at(-1)?.outcome, outcome);
      });
    }

    it('refuses a repeated parameter', async () => {
      const url = new URL(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      url.searchParams.append('redirect_uri', 'https://evil.example/');
      assert.equal((await duo.answer(url.href)).status, 400);
      assert.equal(duo.log.at(-1)?.outcome, 'repeated-parameter');
    });

    it('serves the prompt over TLS too', async () => {
      const url = await clientFor().createAuthUrl(USER, 's'.repeat(36));
      const { data } = await axiosOf(clientFor()).get(url);
      assert.match(data, /data-sp="duo-approve"/);
    });
  });

  describe('wire faults', () => {
    const answers = {
      '500': { status: 500, body: /^\{"stat":"FAIL"/ },
      '502-html': { status: 502, body: /^<html>/ },
      '503': { status: 503, body: /^\{"stat":"FAIL"/ },
      empty: { status: 200, body: /^$/ },
      null: { status: 200, body: /^null$/ },
      'redirect-307': { status: 307, body: /^$/ },
      hang: 'never',
      'slow-drip': 'never',
      reset: 'ECONNRESET',
      oversized: 'oversized',
    } satisfies Record<DuoWireFault, unknown>;

    for (const endpoint of ['healthCheck', 'token', 'authorize'] as const) {
      const path = { healthCheck: HEALTH, token: TOKEN, authorize: AUTHORIZE }[endpoint];
      const request = async (more: object) => {
        const raw = { transformResponse: (text: string) => text, ...more };
        if (endpoint !== 'authorize') return post(path, { client_id: globex.clientId }, raw);
        const options = { validateStatus: () => true, maxRedirects: 0, ...raw };
        return axiosOf(clientFor()).get(path, options);
      };

      for (const [name, expected] of Object.entries(answers)) {
        const fault = name as DuoWireFault;
        it(`${endpoint}: ${fault}`, async () => {
          duo.set({ endpoint, fault });
          if (expected === 'never') {
            const abort = new AbortController();
            const canceled = refusal(request({ signal: abort.signal }));
            while (duo.log.length === 0) await turn();
            setTimeout(() => abort.abort(), 150);
            assert.equal((await canceled).code, 'ERR_CANCELED');
          } else if (expected === 'ECONNRESET') {
            assert.equal((await refusal(request({}))).code, 'ECONNRESET');
          } else if (expected === 'oversized') {
            const { data } = await request({});
            assert.ok(data.length > 16 * 1024 * 1024);
            assert.match(data.trimStart(), endpoint === 'authorize' ? /^<!doctype/ : /^\{/);
          } else {
            const { status, data } = await request({});
            assert.equal(status, (expected as { status: number }).status);
            assert.match(data, (expected as { body: RegExp }).body);
          }
          assert.equal(duo.log.at(-1)?.fault, fault);
          assert.equal(duo.log.at(-1)?.endpoint, endpoint);
        });
      }
    }

    it('slow-drip sends a byte now and then', async () => {
      duo.set({ endpoint: 'healthCheck', fault: 'slow-drip' });
      const { data: stream, status } = await post(HEALTH, {}, { responseType: 'stream' });
      assert.equal(status, 200);
      for (let i = 0; i < 3; i++) {
        const [chunk] = await once(stream, 'data');
        assert.equal(String(chunk), ' ');
      }
      stream.destroy();
    });

    it('redirect-307 shows that the SDK re-posts its assertion elsewhere, unless told not to', async () => {
      duo.set({ endpoint: 'healthCheck', fault: 'redirect-307' });
      const client = clientFor();
      assert.equal((await client.healthCheck()).stat, 'OK');
      assert.equal(duo.log.at(-1)?.via, 'elsewhere');
      assert.equal(duo.log.at(-1)?.outcome, 'ok');

      axiosOf(client).defaults.maxRedirects = 0;
      await refusal(client.healthCheck());
      assert.equal(duo.log.at(-1)?.via, 'api');
    });

    it('oversized passes the SDK, unless it has a limit', async () => {
      duo.set({ endpoint: 'healthCheck', fault: 'oversized' });
      const client = clientFor();
      assert.equal((await client.healthCheck()).stat, 'OK');
      axiosOf(client).defaults.maxContentLength = 1024 * 1024;
      assert.match((await refusal(client.healthCheck())).message, /maxContentLength/);
    });

    for (const fault of ['500', '502-html', '503', 'empty', 'null', 'reset'] as const) {
      it(`${fault} is an error to the SDK at both endpoints`, async () => {
        const client = clientFor();
        const code = await approvedCode(client);
        duo.set({ endpoint: 'healthCheck', fault });
        duo.set({ endpoint: 'token', fault });
        await refusal(client.healthCheck());
        await refusal(client.exchangeAuthorizationCodeFor2FAResult(code, USER));
        assert.deepEqual(
          duo.log.slice(-2).map((entry) => [entry.endpoint, entry.fault]),
          [
            ['healthCheck', fault],
            ['token', fault],
          ],
        );
      });
    }
  });

  describe('token faults', () => {
    type Token = Awaited<ReturnType<Client['exchangeAuthorizationCodeFor2FAResult']>>;
    const day = 86_400;
    /** What the SDK itself rejects, and how; and what it lets through, for the library to check. */
    const expected: Record<
      DuoTokenFault,
      { rejects: string; claim?: string } | { passes: (token: Token) => void }
    > = {
      'wrong-aud': { rejects: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
      'wrong-iss': { rejects: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' },
      'wrong-username': { rejects: 'The username is invalid' },
      'wrong-username-case': { rejects: 'The username is invalid' },
      expired: { rejects: 'ERR_JWT_EXPIRED', claim: 'exp' },
      'bad-signature': { rejects: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
      'alg-hs256': { rejects: 'ERR_JOSE_ALG_NOT_ALLOWED' },
      'alg-none': { rejects: 'ERR_JOSE_ALG_NOT_ALLOWED' },
      junk: { rejects: 'ERR_JWS_INVALID' },
      'wrong-sub': { passes: (token) => assert.notEqual(token.sub, USER) },
      deny: { passes: (token) => assert.equal(token.auth_result.result, 'deny') },
      'no-auth-result': { passes: (token) => assert.ok(!('auth_result' in token)) },
      'stale-iat': {
        passes: (token) => assert.ok(token.iat < Date.now() / 1000 - day + 60),
      },
      'future-auth-time': {
        passes: (token) => assert.ok(token.auth_time > Date.now() / 1000 + 500),
      },
      'stale-auth-time': {
        passes: (token) => assert.ok(token.auth_time < Date.now() / 1000 - day + 60),
      },
    };

    for (const [name, outcome] of Object.entries(expected)) {
      const fault = name as DuoTokenFault;
      const verb = 'rejects' in outcome ? 'is rejected by' : 'passes';
      it(`${fault} ${verb} the SDK`, async () => {
        const client = clientFor();
        const code = await approvedCode(client);
        duo.set({ endpoint: 'token', fault });
        const exchange = client.exchangeAuthorizationCodeFor2FAResult(code, USER);
        if ('passes' in outcome) {
          outcome.passes(await exchange);
        } else {
          const error = await refusal(exchange);
          assert.equal(error.inner?.code ?? error.message, outcome.rejects);
          assert.equal(error.inner?.claim, outcome.claim);
        }
        const { status, fault: logged } = duo.log.at(-1)!;
        assert.deepEqual({ status, logged }, { status: 200, logged: fault });
      });
    }

    it('clock-offset moves every time in the token', async () => {
      const client = clientFor();
      const codes = [await approvedCode(client), await approvedCode(client)];
      duo.set({ endpoint: 'token', fault: 'clock-offset', milliseconds: day * 1000 });
      const ahead = await client.exchangeAuthorizationCodeFor2FAResult(codes[0]!, USER);
      for (const time of [ahead.iat, ahead.auth_time, ahead.exp]) {
        assert.ok(time > Date.now() / 1000 + day - 60);
      }
      duo.set({ endpoint: 'token', fault: 'clock-offset', milliseconds: -2 * 60 * MINUTE });
      const behind = await refusal(client.exchangeAuthorizationCodeFor2FAResult(codes[1]!, USER));
      assert.equal(behind.inner?.code, 'ERR_JWT_EXPIRED');
    });
  });

  describe('callback faults', () => {
    const state = 'state-of-36-characters-0123456789abc';
    async function callbackWith(fault: DuoCallbackFault) {
      duo.set({ endpoint: 'callback', fault });
      const { callback } = await duo.answer(await clientFor().createAuthUrl(USER, state));
      assert.equal(duo.log.at(-1)?.fault, fault);
      return queryOf(callback);
    }

    it('wrong-state', async () => {
      const query = await callbackWith('wrong-state');
      assert.equal(query.getAll('state').length, 1);
      assert.notEqual(query.get('state'), state);
      assert.ok(query.get('duo_code'));
    });

    it('missing-state', async () => {
      assert.deepEqual([...(await callbackWith('missing-state')).keys()], ['duo_code']);
    });

    it('doubled-state', async () => {
      assert.deepEqual((await callbackWith('doubled-state')).getAll('state'), [state, state]);
    });

    it('error', async () => {
      const query = await callbackWith('error');
      assert.deepEqual([...query.keys()], ['error', 'error_description', 'state']);
      assert.equal(query.get('error'), 'access_denied');
      assert.equal(query.get('state'), state);
    });

    it('other-transaction-code: the code is good, and somebody else’s', async () => {
      const query = await callbackWith('other-transaction-code');
      assert.equal(query.get('state'), state);
      const code = query.get('duo_code')!;
      const error = await refusal(clientFor().exchangeAuthorizationCodeFor2FAResult(code, USER));
      assert.equal(error.message, 'The username is invalid');
      assert.equal(duo.log.at(-1)?.outcome, 'ok');
      assert.notEqual(duo.log.at(-1)?.username, USER);
    });

    it('other-tenant-code: good for the other application only', async () => {
      const query = await callbackWith('other-tenant-code');
      const code = query.get('duo_code')!;
      const ours = clientFor().exchangeAuthorizationCodeFor2FAResult(code, USER);
      assert.match((await refusal(ours)).message, /^invalid_grant/);
      assert.ok(await clientFor(initech).exchangeAuthorizationCodeFor2FAResult(code, USER));
    });

    it('applies to a bypass user too', async () => {
      duo.set({ endpoint: 'callback', fault: 'missing-state', once: true });
      const url = await clientFor().createAuthUrl('bypassed@globex.example', state);
      assert.deepEqual([...queryOf((await duo.answer(url)).callback).keys()], ['duo_code']);
    });
  });

  describe('faults', () => {
    const health = async () => (await post(HEALTH, {})).status;

    it('last until they are lifted', async () => {
      duo.set({ endpoint: 'healthCheck', fault: '500' });
      assert.deepEqual([await health(), await health()], [500, 500]);
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      assert.equal(await health(), 400);
    });

    it('apply once, in order, before the lasting one', async () => {
      duo.set({ endpoint: 'healthCheck', fault: '503' });
      duo.set({ endpoint: 'healthCheck', fault: '500', once: true });
      duo.set({ endpoint: 'healthCheck', fault: '502-html', once: true });
      assert.deepEqual([await health(), await health(), await health()], [500, 502, 503]);
    });

    it('concern their own endpoint only', async () => {
      duo.set({ endpoint: 'token', fault: '500' });
      assert.equal((await clientFor().healthCheck()).stat, 'OK');
    });

    it('are refused when misspelt, so that no test runs without its fault', () => {
      const bad = [
        { endpoint: 'healthcheck', fault: '500' },
        { endpoint: 'toString', fault: '500' },
        { endpoint: 'healthCheck', fault: 'deny' },
        { endpoint: 'callback', fault: '500' },
        { endpoint: 'token', fault: 'clock-offset' },
      ];
      for (const setting of bad) {
        assert.throws(
          () => duo.set(setting as never),
          { code: 'ERR_OPTION' },
          JSON.stringify(setting),
        );
      }
    });

    it('are gone after a reset, like everything that happened', async () => {
      await duo.answer(await clientFor().createAuthUrl('new@globex.example', 's'.repeat(36)));
      const code = await approvedCode();
      duo.set({ endpoint: 'healthCheck', fault: '500' });
      duo.set({ endpoint: 'healthCheck', fault: '500', once: true });
      duo.reset();
      assert.equal(duo.log.length, 0);
      const user = duo.users.find(({ username }) => username === 'new@globex.example');
      assert.equal(user?.state, 'unenrolled');
      assert.equal((await clientFor().healthCheck()).stat, 'OK');
      await refusal(clientFor().exchangeAuthorizationCodeFor2FAResult(code, USER));
      assert.equal(duo.log.at(-1)?.outcome, 'unknown-code');
    });
  });

  describe('the log', () => {
    it('tells what happened and holds no secret, code, state, assertion or number', async () => {
      const client = clientFor();
      const client_assertion = assertion(HEALTH);
      await post(HEALTH, { client_id: globex.clientId, client_assertion });
      const state = client.generateState();
      const url = await client.createAuthUrl('new@globex.example', state);
      const { callback } = await duo.answer(url, 'approve', { phone: '+12025550199' });
      const code = queryOf(callback).get('duo_code')!;
      await client.exchangeAuthorizationCodeFor2FAResult(code, 'new@globex.example');

      assert.deepEqual(
        duo.log.map((entry) => `${entry.via} ${entry.endpoint} ${entry.outcome} ${entry.status}`),
        [
          'api healthCheck ok 200',
          'prompt authorize opened 302',
          'prompt prompt shown-phone 200',
          'prompt prompt phone-entered 303',
          'prompt prompt shown-confirm 200',
          'prompt prompt enrolled 303',
          'prompt prompt shown-ask 200',
          'prompt prompt approved 303',
          'api token ok 200',
        ],
      );
      const written = JSON.stringify(duo.log);
      assert.ok(written.includes(globex.clientId) && written.includes('new@globex.example'));
      const request = new URL(url).searchParams.get('request')!;
      for (const secret of [
        globex.clientSecret,
        code,
        state,
        request,
        client_assertion,
        '2025550199',
      ]) {
        assert.ok(!written.includes(secret));
      }
    });
  });

  describe('pages', () => {
    it('say that this is a simulator, and carry no script or style of their own', async () => {
      const prompt = await openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      const html = await prompt.html();
      for (const hook of ['duo-approve', 'duo-deny', 'duo-fraud', 'duo-timeout']) {
        assert.match(html, new RegExp(`data-sp="${hook}"`));
      }
      const start = await fetch(duo.promptOrigin);
      for (const page of [html, await start.text()]) {
        assert.match(page, /Duo simulator\.<\/strong> This is not Duo/);
        assert.doesNotMatch(page, /<script|<style|\sstyle=|\son\w+=/i);
      }
      const policy = String(start.headers.get('content-security-policy'));
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      const [, stylesheet = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(html) ?? [];
      const response = await fetch(duo.promptOrigin + stylesheet);
      assert.match(String(response.headers.get('content-type')), /^text\/css/);
      assert.match(await response.text(), /prefers-color-scheme: dark/);
    });

    it('escape whatever they show', async () => {
      const username = `<img src=x onerror="alert('1')">&`;
      const client = clientFor(initech);
      const prompt = await openPrompt(await client.createAuthUrl(username, 's'.repeat(36)));
      duo.setUser(username, 'active');
      const start = await (await fetch(duo.promptOrigin)).text();
      for (const page of [await prompt.html(), start]) {
        assert.ok(page.includes('&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;'));
        assert.ok(page.includes('Initech &#60;console&#62;'));
        assert.doesNotMatch(page, /<img|<console>/);
      }
    });

    it('start with the keys to copy and the users', async () => {
      const html = await (await fetch(duo.promptOrigin)).text();
      for (const shown of [
        `data-sp="duo-integration-key">${globex.clientId}<`,
        `data-sp="duo-secret-key">${globex.clientSecret}<`,
        `data-sp="duo-api-host">${duo.apiHost}<`,
        initech.clientId,
        `<td>${USER}</td><td>active`,
        '<td>locked@globex.example</td><td>locked',
      ]) {
        assert.ok(html.includes(shown), shown);
      }
    });

    it('are not given to a site whose name was pointed at this machine', async () => {
      const { port } = new URL(duo.promptOrigin);
      const request = http.get({ host: '127.0.0.1', port, headers: { host: 'evil.example' } });
      const [response] = await once(request, 'response');
      assert.equal(response.statusCode, 421);
      const chunks = await response.toArray();
      assert.ok(!Buffer.concat(chunks).includes(globex.clientSecret));
    });

    it('refuse a form that is too large', async () => {
      const prompt = await openPrompt(await clientFor().createAuthUrl(USER, 's'.repeat(36)));
      assert.equal((await prompt.post({ answer: 'a'.repeat(70_000) })).status, 413);
    });
  });

  describe('close', () => {
    it('cuts what a setting left hanging', async () => {
      const own = await duoSimulator({ apps: [globex], users: {}, now: Date.now });
      own.set({ endpoint: 'authorize', fault: 'hang' });
      const cut = refusal(fetch(own.promptOrigin + AUTHORIZE));
      while (own.log.length === 0) await turn();
      await own.close();
      assert.match((await cut).message, /fetch failed/);
      await own.close();
    });
  });

  /** A prompt, step by step, as a browser without script has it. */
  async function openPrompt(authUrl: string) {
    const { pathname, search } = new URL(authUrl);
    const opened = await fetch(duo.promptOrigin + pathname + search, { redirect: 'manual' });
    const url = new URL(String(opened.headers.get('location')), duo.promptOrigin);
    return {
      html: async () => (await fetch(url)).text(),
      post: (form: Record<string, string>) =>
        fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' }),
    };
  }
});

describe('npx sallyport duo-simulator', () => {
  const program = [
    fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
    'duo-simulator',
  ];
  const run = (...args: string[]) => spawn(process.execPath, ['--import=tsx', ...program, ...args]);

  it('prints its keys and where it is, and ends when told to', async function () {
    this.timeout(20_000);
    const folder = await mkdtemp(join(tmpdir(), 'duo-simulator-'));
    const caFile = join(folder, 'ca.pem');
    const child = run('--ca-file', caFile, '--user', `${USER}=active`);
    try {
      let printed = '';
      for await (const chunk of child.stdout) {
        printed += chunk;
        if (/Prompt and keys .*\n/.test(printed)) break;
      }
      const find = (pattern: RegExp) => pattern.exec(printed)?.[1] ?? '';
      const clientId = find(/Integration key +(\w+)/);
      const clientSecret = find(/Secret key +(\w+)/);
      const apiHost = find(/API hostname +(\S+)/);
      const port = Number(find(/127\.0\.0\.1:(\d+)/));

      const start = await fetch(find(/Prompt and keys +(\S+)/));
      assert.match(await start.text(), new RegExp(clientSecret));
      const client = new Client({ clientId, clientSecret, apiHost, redirectUrl: REDIRECT_URL });
      const httpsAgent = duoSimulatorAgent({ apiHost, port, ca: await readFile(caFile, 'utf8') });
      Object.assign(axiosOf(client).defaults, { httpsAgent, proxy: false });
      assert.equal((await client.healthCheck()).stat, 'OK');

      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    }
  });

  it('says what to install where nothing is there to make certificates with', async function () {
    this.timeout(20_000);
    const without = fileURLToPath(new URL('../support/without-peers.mjs', import.meta.url));
    const child = spawn(process.execPath, ['--import=tsx', `--import=${without}`, ...program]);
    const stderr = (await child.stderr.toArray()).join('');
    assert.match(stderr, /npm install --save-dev selfsigned/);
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 1);
  });

  it('says what is wrong with its arguments', async function () {
    this.timeout(20_000);
    const child = run('--user', `${USER}=asleep`);
    const stderr = (await child.stderr.toArray()).join('');
    assert.match(stderr, /--user takes NAME=STATE, with one of active, bypass/);
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 2);
  });
});

/** The SDK has no option for its agent: the library sets it in the same way. */
function axiosOf(client: Client) {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets brackets alone reach a private field.
  return client['axios'];
}

interface Refusal extends Error {
  readonly code?: string;
  readonly inner?: Error & { readonly code?: string; readonly claim?: string };
}

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  try {
    await promise;
  } catch (error) {
    return error as Refusal;
  }
  assert.fail('expected a refusal');
}

function queryOf(url: string | null): URLSearchParams {
  assert.ok(url, 'expected to be sent back to the application');
  return new URL(url).searchParams;
}
