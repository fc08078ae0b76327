import assert from 'node:assert/strict';
import type { Express } from 'express';
import type { PolicyInput } from 'sallyport';
import type { Response } from 'supertest';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { issueKey, set, tenancy } from '../support/tenancy.js';
import { journeysOnAllStores } from '../support/worlds.js';

const STEP = 30_000;
const SECOND = 1000;

journeysOnAllStores('attempts', (world) => {
  const now = () => world().clock.now();

  async function enrolled(app: Express, user = 'user1@acme') {
    const key = await new Browser(app).activate(user, now());
    world().clock.advance(STEP);
    return key;
  }

  async function challenged(app: Express, user = 'user1@acme') {
    const browser = new Browser(app);
    await browser.login(user);
    return { browser, _csrf: await browser.csrf() };
  }

  /** One answer as a program gives it, from a session of its own. */
  async function answer(app: Express, code: string, user?: string): Promise<Response> {
    const { browser, _csrf } = await challenged(app, user);
    return browser.json('post', '/two-factor/challenge/totp', { code, _csrf });
  }

  const wait = (response: Response) => Number(response.headers['retry-after']);

  it('are free five times, then wait: 30 s, 1 min, 5 min, and 15 min from then on', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      assert.equal((await answer(app, wrongCode(key, now()))).status, 422, `attempt ${attempt}`);
    }
    for (const seconds of [30, 60, 300, 900, 900]) {
      const locked = await answer(app, wrongCode(key, now()));
      assert.equal(locked.status, 429);
      assert.equal(wait(locked), seconds);
      assert.equal(locked.body.error, 'locked');
      assert.equal(locked.body.retryAt, new Date(now() + seconds * SECOND).toISOString());
      world().clock.advance(seconds * SECOND - 1);
      const early = await answer(app, wrongCode(key, now()));
      assert.equal(early.status, 429, `a millisecond before ${seconds} s`);
      assert.equal(wait(early), 1);
      world().clock.advance(1);
      assert.equal((await answer(app, wrongCode(key, now()))).status, 422, `after ${seconds} s`);
    }
  });

  it('that are locked get the same answer for a right code as for a wrong one', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 5; attempt += 1) await answer(app, wrongCode(key, now()));
    const without = ({ text }: Response) => text.replace(/[0-9a-f]{64}/g, 'token');
    const relevant = ({ headers }: Response) => {
      const { date, etag, 'set-cookie': _cookie, ...rest } = headers;
      return rest;
    };
    for (const accept of ['json', 'html'] as const) {
      const sent = async (code: string) => {
        const { browser, _csrf } = await challenged(app);
        return accept === 'json'
          ? browser.json('post', '/two-factor/challenge/totp', { code, _csrf })
          : browser.post('/two-factor/challenge/totp', { code, _csrf });
      };
      const right = await sent(codeAt(key, now()));
      const wrong = await sent(wrongCode(key, now()));
      assert.equal(right.status, 429);
      assert.equal(wrong.status, 429);
      assert.equal(without(right), without(wrong));
      assert.deepEqual(relevant(right), relevant(wrong));
    }
  });

  it('that were refused are not counted, and a right code after the wait opens', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 5; attempt += 1) await answer(app, wrongCode(key, now()));
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      assert.equal(wait(await answer(app, wrongCode(key, now()))), 30);
    }
    world().clock.advance(30 * SECOND);
    assert.equal((await answer(app, codeAt(key, now()))).status, 200);
  });

  it('are counted for the subject: across sessions, processes, and a restart', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const key = await enrolled(here.app);
    for (const { app } of [here, there, here, there, here]) {
      assert.equal((await answer(app, wrongCode(key, now()))).status, 422);
    }
    const restarted = await world().host();
    for (const { app } of [here, there, restarted]) {
      assert.equal((await answer(app, codeAt(key, now()))).status, 429);
    }
  });

  it('are not counted for anybody else', async () => {
    const { app } = await world().host();
    const key = await enrolled(app, 'user1@acme');
    const other = await enrolled(app, 'user2@acme');
    for (let attempt = 1; attempt <= 6; attempt += 1) await answer(app, wrongCode(key, now()));
    assert.equal((await answer(app, codeAt(other, now()), 'user2@acme')).status, 200);
  });

  it('cannot be used up by somebody without the password', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    const stranger = new Browser(app);
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await stranger.login('user1@acme', 'guess');
      const refused = await stranger.json('post', '/two-factor/challenge/totp', { code: '000000' });
      assert.equal(refused.status, 401);
      assert.equal(refused.body.error, 'authentication_required');
    }
    assert.equal((await answer(app, codeAt(key, now()))).status, 200);
  });

  it('are counted anew after a right one', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (let round = 1; round <= 2; round += 1) {
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        assert.equal((await answer(app, wrongCode(key, now()))).status, 422);
      }
      assert.equal((await answer(app, codeAt(key, now()))).status, 200);
      world().clock.advance(STEP);
    }
  });

  it('that are only badly written are not counted', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (const code of ['', '12345', '1234567', 'abcdef', '12345a', '١٢٣٤٥٦', '0x1234']) {
      for (let time = 1; time <= 2; time += 1) {
        const refused = await answer(app, code);
        assert.equal(refused.status, 422, code);
        assert.equal(refused.body.error, 'malformed', code);
      }
    }
    assert.equal((await answer(app, codeAt(key, now()))).status, 200);
  });

  it('are counted as well when a key is activated', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { key, enrollment, _csrf } = await browser.totpForm();
    const send = (code: string) =>
      browser.json('post', '/two-factor/activate/totp', { code, enrollment, _csrf });
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      assert.equal((await send(wrongCode(key, now()))).status, 422);
    }
    const locked = await send(codeAt(key, now()));
    assert.equal(locked.status, 429);
    assert.equal(wait(locked), 30);
    assert.deepEqual((await world().store.readSubject('user1@acme')).enrollments, []);
    world().clock.advance(30 * SECOND);
    assert.equal((await send(codeAt(key, now()))).status, 200);
  });

  it('of which fifty arrive at once are evaluated five times at most', async () => {
    const hosts = [await world().host(), await world().host()];
    const key = await enrolled(hosts[0]!.app);
    const rivals = await Promise.all(
      Array.from({ length: 50 }, (_, n) => challenged(hosts[n % 2]!.app)),
    );
    const right = new Set([-1, 0, 1].map((step) => codeAt(key, now() + step * STEP)));
    const guesses = Array.from({ length: 60 }, (_, n) => String(n * 16_661).padStart(6, '0'))
      .filter((guess) => !right.has(guess))
      .slice(0, 50);
    const answers = await Promise.all(
      rivals.map(({ browser, _csrf }, n) =>
        browser.json('post', '/two-factor/challenge/totp', { code: guesses[n], _csrf }),
      ),
    );
    const evaluated = answers.filter(({ status }) => status === 422);
    assert.equal(evaluated.length, 5);
    assert.equal(answers.filter(({ status }) => status === 429).length, 45);
    assert.equal((await answer(hosts[0]!.app, codeAt(key, now()))).status, 429);
  });

  it('stop at a hundred until somebody helps, however long one waits', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    let evaluated = 0;
    for (; evaluated < 110; evaluated += 1) {
      const tried = await answer(app, wrongCode(key, now()));
      if (tried.status !== 422) break;
      world().clock.advance(900 * SECOND);
    }
    assert.equal(evaluated, 100);
    world().clock.advance(365 * 24 * 3600 * SECOND);
    const stopped = await answer(app, codeAt(key, now()));
    assert.equal(stopped.status, 429);
    assert.equal(stopped.headers['retry-after'], undefined);
    assert.equal(stopped.body.retryAt, null);
    assert.match(stopped.body.message, /administrator/);
    const { browser, _csrf } = await challenged(app);
    const page = await browser.post('/two-factor/challenge/totp', {
      code: codeAt(key, now()),
      _csrf,
    });
    assert.equal(page.status, 429);
    assert.match(page.text, /role="alert"[\s\S]*administrator/);
    await world().store.reset('user1@acme');
    assert.match(await new Browser(app).activate('user1@acme', now()), /^[A-Z2-7 ]+$/);
  });

  it('that are locked leave one event, with its end and with nothing that was typed', async () => {
    const { app, events } = await world().host();
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 5; attempt += 1) await answer(app, wrongCode(key, now()));
    const code = codeAt(key, now());
    for (let n = 0; n < 3; n += 1) await answer(app, code);
    assert.equal(events.filter(({ type }) => type === 'verification.locked').length, 1);
    const { type, subjectId, method, detail } = events.at(-1)!;
    assert.deepEqual(
      [type, subjectId, method, detail],
      ['verification.locked', 'user1@acme', 'totp', 'until 2026-01-01T00:01:15.000Z'],
    );
    assert.equal(JSON.stringify(events).includes(code), false);
  });

  const RECOVER = '/two-factor/challenge/recovery-code';
  const ACTIVATE = '/two-factor/activate/totp';
  const NO_SUCH_CODE = '0000-0000-0000-0000';
  const NO_SUCH_KEY = '00000-00000-00000-00000';
  const WITH_CODES = { policy: () => ({ mode: 'required' as const }) };

  async function recover(app: Express, code: string): Promise<Response> {
    const { browser, _csrf } = await challenged(app);
    return browser.json('post', RECOVER, { code, _csrf });
  }

  /** Ninety-nine failures, and one that is evaluated after all the waits. */
  async function stopped(app: Express, key: string): Promise<void> {
    const reserve = { method: 'totp', stoppable: true };
    for (let attempt = 1; attempt < 100; attempt += 1) {
      await world().store.reserveAttempt('user1@acme', ATTEMPT_LIMITS, reserve);
      world().clock.advance(900 * SECOND);
    }
    assert.equal((await answer(app, wrongCode(key, now()))).status, 422);
    world().clock.advance(900 * SECOND);
    const refused = await answer(app, codeAt(key, now()));
    assert.equal(refused.status, 429);
    assert.equal(refused.body.retryAt, null);
  }

  it('are counted together for TOTP and recovery codes, in whichever order', async () => {
    const { app } = await world().host(WITH_CODES);
    const key = await enrolled(app);
    for (const kind of ['totp', 'recovery', 'totp', 'recovery', 'recovery']) {
      const refused = await (kind === 'totp'
        ? answer(app, wrongCode(key, now()))
        : recover(app, NO_SUCH_CODE));
      assert.equal(refused.status, 422, kind);
    }
    assert.equal(wait(await answer(app, codeAt(key, now()))), 30);
    assert.equal(wait(await recover(app, NO_SUCH_CODE)), 30);
  });

  it('are counted together for activation keys and activation', async () => {
    const { app } = await world().host(tenancy);
    const { store } = world();
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const _csrf = await browser.csrf();
    const redeem = (activationKey: string) =>
      browser.json('post', `${ACTIVATE}/key`, { activationKey, _csrf });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal((await redeem(NO_SUCH_KEY)).status, 422);
    }
    await set(store, 'acme', { mode: 'required', enrollment: 'self' });
    const { key, enrollment } = await browser.totpForm();
    const confirm = (code: string) => browser.json('post', ACTIVATE, { code, enrollment, _csrf });
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      assert.equal((await confirm(wrongCode(key, now()))).status, 422);
    }
    assert.equal(wait(await confirm(codeAt(key, now()))), 30);
    assert.equal(wait(await redeem(await issueKey(store, 'user1@acme'))), 30);
    assert.deepEqual((await store.readSubject('user1@acme')).enrollments, []);
  });

  it('are lifted from the stop by a recovery code, which waits and does not stop', async () => {
    const { app } = await world().host(WITH_CODES);
    const browser = new Browser(app);
    const key = await browser.activate('user1@acme', now());
    await stopped(app, key);
    assert.equal((await recover(app, NO_SUCH_CODE)).status, 422);
    assert.equal(wait(await recover(app, browser.recoveryCodes[0]!)), 900);
    world().clock.advance(900 * SECOND);
    assert.equal((await recover(app, browser.recoveryCodes[0]!)).status, 200);
    assert.equal((await answer(app, codeAt(key, now()))).status, 200);
  });

  it('are lifted from the stop by an administrator who unlocks, and the codes are the same', async () => {
    const { app, door } = await world().host();
    const key = await enrolled(app);
    await stopped(app, key);
    await door.subjects.unlock({ id: 'user1@acme', tenantId: 'acme' });
    assert.equal((await answer(app, codeAt(key, now()))).status, 200);
  });

  it('of activation keys stop at a hundred as well', async () => {
    const { app } = await world().host(tenancy);
    const { store } = world();
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const activationKey = await issueKey(store, 'user1@acme', 30 * 24 * 3600 * SECOND);
    const reserve = { method: 'activation-key', stoppable: true };
    for (let attempt = 1; attempt <= 100; attempt += 1) {
      await store.reserveAttempt('user1@acme', ATTEMPT_LIMITS, reserve);
      world().clock.advance(900 * SECOND);
    }
    const redeem = async () => {
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const _csrf = await browser.csrf();
      return browser.json('post', `${ACTIVATE}/key`, { activationKey, _csrf });
    };
    const refused = await redeem();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], undefined);
    assert.match(refused.body.message, /administrator/);
    await store.unlock('user1@acme');
    assert.equal((await redeem()).status, 200);
  });

  it('that are refused say on the page when to try again', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 5; attempt += 1) await answer(app, wrongCode(key, now()));
    const { browser, _csrf } = await challenged(app);
    const code = codeAt(key, now());
    const page = await browser.post('/two-factor/challenge/totp', { code, _csrf });
    assert.equal(page.status, 429);
    assert.match(page.text, /role="alert"[\s\S]*Try again in 30 seconds/);
    assert.equal(page.headers['retry-after'], '30');
  });

  it('are counted whatever address, and however many logins, they come from', async () => {
    const { app } = await world().host({ before: (made) => void made.set('trust proxy', true) });
    const key = await enrolled(app);
    const from = async (address: string, code: string) => {
      const { browser, _csrf } = await challenged(app);
      return browser
        .json('post', '/two-factor/challenge/totp', { code, _csrf })
        .set('X-Forwarded-For', address);
    };
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      assert.equal((await from(`192.0.2.${attempt}`, wrongCode(key, now()))).status, 422);
    }
    assert.equal(wait(await from('198.51.100.7', codeAt(key, now()))), 30);
  });

  it('stay counted when the policy switches to other methods and back', async () => {
    let policy: PolicyInput = { mode: 'required' };
    const { app } = await world().host({ policy: () => policy });
    const key = await enrolled(app);
    for (let attempt = 1; attempt <= 3; attempt += 1) await answer(app, wrongCode(key, now()));
    policy = { mode: 'off' };
    await challenged(app);
    policy = { mode: 'required', methods: ['recovery-code', 'totp'] };
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      assert.equal((await recover(app, NO_SUCH_CODE)).status, 422);
    }
    policy = { mode: 'required', methods: ['totp'] };
    assert.equal(wait(await answer(app, codeAt(key, now()))), 30);
  });
});
