import assert from 'node:assert/strict';
import type { YubikeySimulator } from 'sallyport/testing';
import { Browser } from '../support/browser.js';
import { startTwo } from '../support/own-processes.js';
import { closeStores } from '../support/redis-store.js';
import {
  activateKey,
  CHALLENGE,
  saveSetting,
  startYubico,
  yubikeySetting,
} from '../support/yubikey.js';

describe('one code of a YubiKey, and two processes that are given it at once', () => {
  let yubico: YubikeySimulator;
  let urls: string[];

  before(async () => {
    yubico = await startYubico(Date.now);
    const { hosts, port, ca } = yubico;
    urls = await startTwo('yubikey-process-host', { hosts, port, ca }, (store) =>
      saveSetting(store, 'globex', { 'yubikey-otp': yubikeySetting('globex') }),
    );
  });
  after(async () => {
    await closeStores();
    await yubico.close();
  });

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
