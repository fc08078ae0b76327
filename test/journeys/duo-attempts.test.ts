import assert from 'node:assert/strict';
import type { DuoSimulator } from 'sallyport/testing';
import type { Response } from 'supertest';
import { codeAt, wrongCode } from '../support/browser.js';
import {
  activateDuo,
  addTotp,
  approved,
  type DuoHost,
  duoHost,
  isInside,
  startSimulator,
  toPrompt,
} from '../support/duo.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@globex';
const NO_WAITS = { free: 100, waits: [], stop: 100 };

journeys('wrong codes of somebody who has Duo as well', (world) => {
  let duo: DuoSimulator;
  const now = () => world().clock.now();

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    // The SDK goes by the machine's clock.
    world().clock.advance(Date.now() - now());
  });
  after(() => duo.close());

  const hostOf = () => duoHost(duo, { world: world(), setting: { methods: ['duo', 'totp'] } });

  /** Somebody with Duo and an app, of whom neither has been asked since. */
  async function enrolled() {
    const host = await hostOf();
    const inside = await activateDuo(host, duo, USER);
    const key = await addTotp(inside, now());
    // The step of that code has passed.
    world().clock.advance(30_000);
    return { host, key };
  }

  /** One code as a program gives it, from a session of its own. */
  async function answer({ browser: open }: DuoHost, code: string): Promise<Response> {
    const browser = open();
    await browser.login(USER);
    const _csrf = await browser.csrf();
    const answered = await browser.json('post', '/two-factor/challenge/totp', { code, _csrf });
    assert.equal(await isInside(browser), answered.status === 200);
    return answered;
  }

  async function assertWrong(host: DuoHost, key: string, times: number): Promise<void> {
    for (let time = 1; time <= times; time += 1) {
      assert.equal((await answer(host, wrongCode(key, now()))).status, 422, `wrong code ${time}`);
    }
  }

  /** Proves Duo in a session of its own. */
  async function prove(host: DuoHost): Promise<void> {
    const { browser, callback } = await approved(host, duo, USER);
    assert.equal((await browser.get(callback)).status, 303);
    assert.ok(await isInside(browser));
  }

  /** One of each way in which Duo says no. */
  async function deny(host: DuoHost): Promise<void> {
    const denied = await approved(host, duo, USER);
    duo.set({ endpoint: 'token', fault: 'deny', once: true });
    assert.equal((await denied.browser.get(denied.callback)).status, 403);
    duo.set({ endpoint: 'callback', fault: 'error', once: true });
    const failed = await approved(host, duo, USER);
    assert.equal((await failed.browser.get(failed.callback)).status, 403);
    const waiting = host.browser();
    await waiting.login(USER);
    assert.equal((await duo.answer(await toPrompt(waiting), 'deny')).callback, null);
    for (const browser of [denied.browser, failed.browser, waiting]) {
      assert.equal(await isInside(browser), false);
    }
  }

  it('stop TOTP at a hundred until Duo is proven, in whichever process, and not by its denials', async () => {
    const { host, key } = await enrolled();
    const elsewhere = await hostOf();
    const reserve = { method: 'totp', stoppable: true };
    for (let attempt = 1; attempt < 100; attempt += 1) {
      await world().store.reserveAttempt(USER, NO_WAITS, reserve);
    }
    await assertWrong(host, key, 1);
    const assertStopped = async () => {
      const stopped = await answer(host, codeAt(key, now()));
      assert.equal(stopped.status, 429);
      assert.equal(stopped.body.retryAt, null);
      assert.equal(stopped.headers['retry-after'], undefined);
    };
    await assertStopped();
    await deny(elsewhere);
    await assertStopped();
    await prove(elsewhere);
    assert.equal((await answer(host, codeAt(key, now()))).status, 200);
  });

  it('have TOTP wait and Duo not, which ends the wait', async () => {
    const { host, key } = await enrolled();
    await assertWrong(host, key, 5);
    const waiting = await answer(host, codeAt(key, now()));
    assert.deepEqual([waiting.status, waiting.headers['retry-after']], [429, '30']);
    await prove(host);
    assert.equal((await answer(host, codeAt(key, now()))).status, 200);
  });

  it('are neither joined nor cleared by what Duo denies', async () => {
    const { host, key } = await enrolled();
    await assertWrong(host, key, 3);
    for (let round = 1; round <= 3; round += 1) await deny(host);
    assert.equal((await world().store.readSubject(USER)).failures, 3);
    await assertWrong(host, key, 2);
    assert.equal((await answer(host, codeAt(key, now()))).status, 429);
  });
});
