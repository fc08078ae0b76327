import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { redisStore } from 'sallyport/redis';
import type { YubikeySimulator } from 'sallyport/testing';
import { Browser } from '../support/browser.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import {
  activateKey,
  CHALLENGE,
  saveSetting,
  startYubico,
  yubikeySetting,
} from '../support/yubikey.js';
import type { YubikeyProcessSettings } from '../support/yubikey-process-host.js';

const PROGRAM = fileURLToPath(new URL('../support/yubikey-process-host.ts', import.meta.url));

describe('one code of a YubiKey, and two processes that are given it at once', () => {
  const children: ChildProcess[] = [];
  let yubico: YubikeySimulator;
  let urls: string[];

  before(async () => {
    yubico = await startYubico(Date.now);
    const redisUrl = await sharedRedis();
    const prefix = uniquePrefix();
    const store = redisStore(createClient({ url: redisUrl }), {
      ...{ prefix, initialize: true, allowEviction: true },
    });
    await store.ready();
    await saveSetting(store, 'globex', { 'yubikey-otp': yubikeySetting('globex') });
    await store.close();
    const { hosts, port, ca } = yubico;
    const settings = { redisUrl, prefix, simulator: { hosts, port, ca } };
    urls = await Promise.all([start(settings), start(settings)]);
  });
  after(async () => {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    }
    await yubico.close();
  });

  async function start(settings: YubikeyProcessSettings): Promise<string> {
    const loaders = process.execArgv.some((one) => one.includes('tsx'));
    const execArgv = loaders ? process.execArgv : [...process.execArgv, '--import=tsx'];
    const child = fork(PROGRAM, [JSON.stringify(settings)], { execArgv });
    children.push(child);
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`ended with ${code}`))),
    ]);
    return `http://127.0.0.1:${port}`;
  }

  async function signedIn(url: string, user: string): Promise<Browser> {
    const browser = new Browser(url);
    await browser.login(user);
    return browser;
  }
  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  /** Sends one password in several sessions at both processes; how many of these got in. */
  async function race(code: string): Promise<number> {
    const browsers = await Promise.all(
      [...urls, ...urls, ...urls].map((url) => signedIn(url, 'user1@globex')),
    );
    const tokens = await Promise.all(browsers.map((one) => one.csrf()));
    const answers = await Promise.all(
      browsers.map((one, at) => one.post(CHALLENGE, { code, _csrf: tokens[at] ?? '' })),
    );
    assert.ok(answers.every(({ status }) => status === 303 || status === 422));
    return (await Promise.all(browsers.map(isInside))).filter(Boolean).length;
  }

  it('lets one session in, also where the server says yes to both', async () => {
    const key = yubico.key();
    const browser = await signedIn(urls[0]!, 'user1@globex');
    assert.equal((await activateKey(browser, key.touch())).status, 303);
    for (const fault of ['none', 'always-ok', 'none', 'always-ok'] as const) {
      yubico.set({ fault });
      assert.equal(await race(key.touch()), 1, fault);
    }
  });

  it('makes a key that two persons activate at once the one’s', async () => {
    for (let round = 0; round < 3; round += 1) {
      const key = yubico.key(`raced for ${round}`);
      const both = await Promise.all(
        urls.map((url, at) => signedIn(url, `racer${round}-${at}@globex`)),
      );
      const typed = both.map(() => key.touch());
      // Both codes count, in whichever order they come.
      yubico.set({ fault: 'always-ok' });
      const answers = await Promise.all(both.map((one, at) => activateKey(one, typed[at] ?? '')));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 422], `round ${round}`);
    }
  });
}).timeout(60_000);
