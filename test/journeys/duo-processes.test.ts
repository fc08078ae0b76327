import assert from 'node:assert/strict';
import type { DuoSimulator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import { KEY } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { GLOBEX, isInside, local, startSimulator, toPrompt } from '../support/duo.js';
import { startTwo } from '../support/own-processes.js';
import { NO_SETTING } from '../support/policy.js';
import { closeStores } from '../support/redis-store.js';

describe('one answer of Duo, and two processes that are asked for it at once', () => {
  let duo: DuoSimulator;
  let urls: string[];

  before(async () => {
    duo = await startSimulator();
    const { apiHost, port, ca, promptOrigin } = duo;
    const { clientId, clientSecret } = GLOBEX;
    const credentials = { clientId, clientSecret, apiHost, version: '1' };
    const keys = sealCredentials(keyring([KEY]), 'globex', credentials);
    const value = { ...NO_SETTING, duo: { keys, whenUnavailable: 'deny', lendToClients: false } };
    urls = await startTwo('duo-process-host', { apiHost, port, ca, promptOrigin }, (store) =>
      store.writeSetting('globex', { value, changedBy: 'test', expectedVersion: null }),
    );
  });
  after(async () => {
    await closeStores();
    await duo.close();
  });

  /** Asks both processes at once, several times each, as the same session; how many got in. */
  async function race(browser: Browser, callback: string): Promise<number> {
    const copies = urls.flatMap((url) => Array.from({ length: 5 }, () => browser.copy(url)));
    const answers = await Promise.all(copies.map((copy) => copy.get(callback)));
    assert.ok(answers.every(({ status }) => status < 500));
    const inside = await Promise.all(copies.map(isInside));
    return inside.filter(Boolean).length;
  }

  it('let one session in: at the activation, and at every login after it', async () => {
    for (let round = 0; round < 4; round += 1) {
      const browser = new Browser(urls[round % 2]!);
      await browser.login('user1@globex');
      const { callback } = await duo.answer(await toPrompt(browser));
      const redeemed = duo.log.filter(({ endpoint }) => endpoint === 'token').length;
      assert.equal(await race(browser, local(callback)), 1, `round ${round}`);
      const now = duo.log.filter(({ endpoint }) => endpoint === 'token').length;
      assert.equal(now - redeemed, 1, 'Duo was asked once');
    }
  });
}).timeout(60_000);
