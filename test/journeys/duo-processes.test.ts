import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { redisStore } from 'sallyport/redis';
import type { DuoSimulator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import { KEY } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { GLOBEX, isInside, local, startSimulator, toPrompt } from '../support/duo.js';
import type { DuoProcessSettings } from '../support/duo-process-host.js';
import { NO_SETTING } from '../support/policy.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';

const PROGRAM = fileURLToPath(new URL('../support/duo-process-host.ts', import.meta.url));

describe('one answer of Duo, and two processes that are asked for it at once', () => {
  const children: ChildProcess[] = [];
  let duo: DuoSimulator;
  let urls: string[];

  before(async () => {
    duo = await startSimulator();
    const redisUrl = await sharedRedis();
    const prefix = uniquePrefix();
    await saveKeys(redisUrl, prefix);
    const { apiHost, port, ca, promptOrigin } = duo;
    const settings = { redisUrl, prefix, simulator: { apiHost, port, ca, promptOrigin } };
    urls = await Promise.all([start(settings), start(settings)]);
  });
  after(async () => {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    }
    await duo.close();
  });

  async function start(settings: DuoProcessSettings): Promise<string> {
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

  async function saveKeys(url: string, prefix: string): Promise<void> {
    const store = redisStore(createClient({ url }), {
      prefix,
      initialize: true,
      allowEviction: true,
    });
    await store.ready();
    const { clientId, clientSecret } = GLOBEX;
    const credentials = { clientId, clientSecret, apiHost: duo.apiHost, version: '1' };
    const keys = sealCredentials(keyring([KEY]), 'globex', credentials);
    const value = {
      ...NO_SETTING,
      duo: { keys, whenUnavailable: 'deny', lendToClients: false },
    };
    await store.writeSetting('globex', { value, changedBy: 'test', expectedVersion: null });
    await store.close();
  }

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
