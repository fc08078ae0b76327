import assert from 'node:assert/strict';
import { RedisStore as ConnectRedis } from 'connect-redis';
import type { Express } from 'express';
import { createClient } from 'redis';
import { type Host, type HostOptions, host } from './app.js';
import { Browser } from './browser.js';
import { raw } from './raw.js';
import { closeLater, openStore } from './redis-store.js';
import { TOTP_ONLY } from './worlds.js';

/** No request may take longer, whatever has failed. */
const BOUND_MS = 3000;

/** A host whose second factors and sessions are in one Redis, as hosts have it. */
export async function redisHost(url: string, options: HostOptions = {}): Promise<Host> {
  const client = createClient({ url });
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

const PATHS = ['/reports', '/api/me', '/two-factor', '/two-factor/activate/totp'];

/** Every gated request is a 503 in time, for a page and for a program: no pass, and no activation. */
export async function assertDenied(app: Express, as: Browser, what: string): Promise<void> {
  const forms = PATHS.flatMap((path) => [
    { path, accept: 'text/html' },
    { path, accept: 'application/json' },
  ]);
  await Promise.all(
    forms.map(async ({ path, accept }) => {
      const since = performance.now();
      const { status, headers, text } = await raw(app, { path, as, headers: { accept } });
      const ms = performance.now() - since;
      const which = `${what}: ${path} as ${accept} after ${ms.toFixed()} ms`;
      assert.equal(status, 503, which);
      assert.ok(Number(headers['retry-after']) > 0, which);
      assert.ok(ms < BOUND_MS, which);
      assert.ok(String(headers['content-type']).startsWith(accept), which);
      assert.doesNotMatch(text, /data-sp="totp-key"|inside/, which);
    }),
  );
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
