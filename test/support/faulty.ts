import assert from 'node:assert/strict';
import { RedisStore as ConnectRedis } from 'connect-redis';
import type { Express } from 'express';
import { type Host, type HostOptions, host } from './app.js';
import { Browser } from './browser.js';
import { type RawResponse, raw } from './raw.js';
import { redisClient } from './redis-client.js';
import { closeLater, openStore } from './redis-store.js';
import { TOTP_ONLY } from './worlds.js';

/** No request may take longer, whatever has failed. */
export const BOUND_MS = 3000;

/** A host whose second factors and sessions are in one Redis, as hosts have it. */
export async function redisHost(url: string, options: HostOptions = {}): Promise<Host> {
  const client = redisClient({ url });
  client.on('error', () => {});
  await client.connect();
  closeLater({ close: () => client.destroy() });
  return host({
    store: openStore(url, { initialize: true, allowEviction: true }),
    sessions: new ConnectRedis({ client, prefix: 'sess:' }),
    policy: () => TOTP_ONLY,
    ...options,
  });
}

const GATED = ['/reports', '/api/me'];
const PATHS = [...GATED, '/two-factor', '/two-factor/activate/totp'];

/** Asks for these as a page and as a program. All answers come in time, and a 503 says when to try again. */
async function ask(
  app: Express | string,
  as: Browser,
  paths: readonly string[],
  what: string,
): Promise<(RawResponse & { readonly accept: string; readonly which: string })[]> {
  const forms = paths.flatMap((path) => [
    { path, accept: 'text/html' },
    { path, accept: 'application/json' },
  ]);
  return Promise.all(
    forms.map(async ({ path, accept }) => {
      const since = performance.now();
      const response = await raw(app, { path, as, headers: { accept } });
      const ms = performance.now() - since;
      const { status, headers, text } = response;
      const which = `${what}: ${path} as ${accept} after ${ms.toFixed()} ms`;
      assert.ok(ms < BOUND_MS, which);
      if (status === 503) {
        assert.ok(Number(headers['retry-after']) > 0, which);
        assert.ok(String(headers['content-type']).startsWith(accept), which);
        assert.doesNotMatch(text, /data-sp="totp-key"|inside/, which);
      }
      return { ...response, accept, which };
    }),
  );
}

/** Every gated request is a 503 in time, for a page and for a program: no pass, and no activation. */
export async function assertDenied(
  app: Express | string,
  as: Browser,
  what: string,
): Promise<void> {
  for (const { status, which } of await ask(app, as, PATHS, what)) assert.equal(status, 503, which);
}

/** Who is through both doors, or has an authenticator and has given the password only. */
export type Standing = 'inside' | 'between';

/**
 * Whatever fails, a gated request is answered by what this person's standing is, or by a 503, and both in
 * time. False for a 503.
 */
export async function stands(
  app: Express | string,
  as: Browser,
  standing: Standing,
  what: string,
): Promise<boolean> {
  const answers = await ask(app, as, GATED, what);
  for (const { status, headers, text, accept, which } of answers) {
    if (status === 503) continue;
    if (standing === 'inside') assert.equal(status, 200, which);
    else if (accept === 'text/html') {
      assert.deepEqual([status, headers.location], [303, '/two-factor/challenge'], which);
    } else {
      assert.deepEqual([status, JSON.parse(text).next], [401, 'challenge'], which);
    }
  }
  return answers.every(({ status }) => status !== 503);
}

export async function statusOf(browser: Browser, path = '/reports'): Promise<number> {
  return (await browser.get(path)).status;
}

/** Signs in with the password and answers with this code. */
export async function signIn(app: Express | string, user: string, code: string): Promise<Browser> {
  const browser = new Browser(app);
  await browser.login(user);
  assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
  const answer = await browser.answerChallenge(code);
  assert.equal(answer.status, 303, answer.text);
  assert.equal(await statusOf(browser), 200);
  return browser;
}
