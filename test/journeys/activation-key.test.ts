import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { issueKey, set, tenancy } from '../support/tenancy.js';
import { journeysOnAllStores } from '../support/worlds.js';

const URL = '/two-factor/activate/totp';
const USER = 'user1@acme';
const HOUR = 3_600_000;

journeysOnAllStores('an activation key', (world) => {
  const now = () => world().clock.now();
  const record = async (id = USER) => world().store.readSubject(id);

  /** A host whose client `acme` demands activation keys. */
  async function demanding(): Promise<Express> {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    return app;
  }

  async function signedIn(app: Express, user = USER) {
    const browser = new Browser(app);
    await browser.login(user);
    return browser;
  }

  const redeem = async (browser: Browser, activationKey: string) =>
    browser.post(`${URL}/key`, { activationKey, _csrf: await browser.csrf() });

  const confirm = async (browser: Browser) => {
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, now());
    return { key, answer: await browser.post(URL, { code, enrollment, _csrf }) };
  };

  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  it('is demanded before anything of the key for the app is shown', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    const page = await browser.get(URL);
    assert.equal(page.status, 200);
    assert.match(page.text, /Enter your activation key/);
    assert.doesNotMatch(page.text, /<svg|otpauth|totp-key/);
    const json = await browser.json('get', URL);
    assert.equal(json.body.next, 'activation-key');
    assert.equal(json.body.url, `${URL}/key`);
    assert.doesNotMatch(JSON.stringify(json.body), /otpauth|"key"|"qr"/);
    // Nor by the other ways to begin.
    const _csrf = await browser.csrf();
    await browser.post(`${URL}/restart`, { _csrf });
    assert.doesNotMatch((await browser.get(URL)).text, /totp-key/);
    const guess = await browser.post(URL, { code: '123456', enrollment: 'x', _csrf });
    assert.doesNotMatch(guess.text, /totp-key/);
    assert.deepEqual((await record()).enrollments, []);
  });

  it('opens the way to the QR code, and is spent when a code has confirmed it', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    const activationKey = await issueKey(world().store, USER);
    const opened = await redeem(browser, activationKey);
    assert.equal(opened.headers.location, URL);
    assert.match((await browser.get(URL)).text, /<svg[\s\S]*totp-key/);
    assert.notEqual((await record()).activationKeyEndsAt, null);

    const { answer } = await confirm(browser);
    assert.equal(answer.status, 200);
    assert.match(answer.text, /recovery-code/);
    assert.ok(await isInside(browser));
    assert.equal((await record()).activationKeyEndsAt, null);
    assert.equal((await record()).enrollments.length, 1);
  });

  it('locks nobody who enters the right one again and again, in one tab or in several browsers', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const browser = await signedIn(app);
    const another = await signedIn(app);
    for (let n = 0; n < 7; n += 1) {
      const tab = n === 3 ? another : browser;
      assert.equal((await redeem(tab, activationKey)).headers.location, URL, `${n}`);
      assert.equal((await record()).failures, 0);
    }
    assert.equal((await confirm(browser)).answer.status, 200);
  });

  it('that is wrong counts, also in the session that has entered the right one', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const browser = await signedIn(app);
    await redeem(browser, activationKey);
    for (let n = 0; n < 5; n += 1) {
      assert.equal((await redeem(browser, '00000-00000-00000-00000')).status, 422);
    }
    assert.equal((await redeem(browser, activationKey)).status, 429);
  });

  it('may be typed as it is read out: in lower case, without dashes, with an O for a zero', async () => {
    const app = await demanding();
    const typed: ((key: string) => string)[] = [
      (key) => key.toLowerCase(),
      (key) => key.replaceAll('-', ''),
      (key) => ` ${key.replaceAll('-', ' ')} `,
      (key) => key.replaceAll('0', 'o').replaceAll('1', 'l'),
    ];
    for (const [at, change] of typed.entries()) {
      const user = `user${at}@acme`;
      const browser = await signedIn(app, user);
      const answer = await redeem(browser, change(await issueKey(world().store, user)));
      assert.equal(answer.status, 303, String(change));
    }
  });

  it('says how many characters it has to what cannot be one, which counts for no attempt', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    const key = await issueKey(world().store, USER);
    const length = key.replaceAll('-', '').length;
    for (const typed of ['', key.slice(1), `${key}0`, key.replace(/.$/, '!')]) {
      const answer = await redeem(browser, typed);
      assert.equal(answer.status, 422);
      assert.match(answer.text, new RegExp(`role="alert"[\\s\\S]*${length} letters and digits`));
    }
    assert.equal((await record()).failures, 0);
  });

  it('is counted when it is wrong, together with codes, and waits with them', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    const right = await issueKey(world().store, USER);
    const wrong = await issueKey(world().store, 'user2@acme');
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const answer = await redeem(browser, wrong);
      assert.equal(answer.status, 422);
      assert.match(answer.text, /role="alert"[\s\S]*That key is not right/);
      assert.equal((await record()).failures, attempt);
    }
    // Another session, the right key: the fifth is heard, but had it been wrong, it would have been the last.
    const elsewhere = await signedIn(app);
    assert.equal((await redeem(elsewhere, wrong)).status, 422);
    for (const typed of [right, wrong]) {
      const locked = await redeem(elsewhere, typed);
      assert.equal(locked.status, 429);
      assert.equal(locked.headers['retry-after'], '30');
      assert.match(locked.text, /Try again in 30 seconds/);
    }
    world().clock.advance(30_000);
    assert.equal((await redeem(browser, right)).status, 303);
    assert.equal((await record()).failures, 0);

    // And wrong codes count on from there.
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = wrongCode(key, now());
    assert.equal((await browser.post(URL, { code, enrollment, _csrf })).status, 422);
    assert.equal((await record()).failures, 1);
  });

  it('is heard no more after a hundred wrong ones, until an administrator helps', async () => {
    const app = await demanding();
    const right = await issueKey(world().store, USER);
    const wrong = await issueKey(world().store, 'user2@acme');
    const browser = await signedIn(app);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await world().store.reserveAttempt(
        USER,
        { free: 1000, waits: [0], stop: 100 },
        { method: 'activation-key', stoppable: true },
      );
    }
    for (const typed of [right, wrong]) {
      const answer = await redeem(browser, typed);
      assert.equal(answer.status, 429);
      assert.match(answer.text, /ask your administrator/);
    }
    await world().store.unlock(USER);
    assert.equal((await redeem(browser, right)).status, 303);
  });

  it('works once', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const browser = await signedIn(app);
    await redeem(browser, activationKey);
    assert.equal((await confirm(browser)).answer.status, 200);

    await world().store.reset(USER);
    const again = await signedIn(app);
    assert.equal((await redeem(again, activationKey)).status, 422);
    assert.doesNotMatch((await again.get(URL)).text, /totp-key/);
  });

  it('is not spent by a closed tab, nor by signing out', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const first = await signedIn(app);
    await redeem(first, activationKey);
    await first.totpForm();
    await first.post('/two-factor/sign-out', { _csrf: await first.csrf() });

    const second = await signedIn(app);
    assert.doesNotMatch((await second.get(URL)).text, /totp-key/);
    assert.equal((await redeem(second, activationKey)).status, 303);
    assert.equal((await confirm(second)).answer.status, 200);
    assert.ok(await isInside(second));
  });

  it('need not be typed again to start over, nor after a wrong code', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    await redeem(browser, await issueKey(world().store, USER));
    const first = await browser.totpForm();
    const { _csrf } = first;
    const restarted = await browser.post(`${URL}/restart`, { _csrf });
    assert.equal(restarted.headers.location, URL);
    const second = await browser.totpForm();
    assert.notEqual(second.key, first.key);
    const wrong = await browser.post(URL, {
      code: wrongCode(second.key, now()),
      enrollment: second.enrollment,
      _csrf,
    });
    assert.equal(wrong.status, 422);
    assert.ok(wrong.text.includes(second.key));
    assert.equal((await confirm(browser)).answer.status, 200);
  });

  it('has to be typed again when the key for the app was shown too long ago', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    const activationKey = await issueKey(world().store, USER);
    await redeem(browser, activationKey);
    const form = await browser.totpForm();
    world().clock.advance(10 * 60_000);
    const late = await signedIn(app);
    const answer = await late.post(URL, {
      code: codeAt(form.key, now()),
      enrollment: form.enrollment,
      _csrf: await late.csrf(),
    });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Enter your activation key/);
    assert.deepEqual((await record()).enrollments, []);
    assert.equal((await redeem(late, activationKey)).status, 303);
    assert.equal((await confirm(late)).answer.status, 200);
  });

  it('ends after its time, also between typing it and the code', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER, HOUR);
    world().clock.advance(HOUR - 1);
    const browser = await signedIn(app);
    assert.equal((await redeem(browser, activationKey)).status, 303);
    world().clock.advance(1);
    const late = await signedIn(app, USER);
    const answer = await redeem(late, activationKey);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /was used or has ended/);
    assert.doesNotMatch((await late.get(URL)).text, /totp-key/);
  });

  it('of another user is as wrong as any', async () => {
    const app = await demanding();
    await issueKey(world().store, USER);
    const others = await issueKey(world().store, 'user2@acme');
    const browser = await signedIn(app);
    assert.equal((await redeem(browser, others)).status, 422);
    assert.doesNotMatch((await browser.get(URL)).text, /totp-key/);
    assert.equal((await redeem(await signedIn(app, 'user2@acme'), others)).status, 303);
  });

  it('that was revoked is void, even when it was typed before', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const early = await signedIn(app);
    await redeem(early, activationKey);
    const { key, enrollment, _csrf } = await early.totpForm();
    assert.equal(await world().store.revokeActivationKey(USER), true);

    const refused = await early.post(URL, { code: codeAt(key, now()), enrollment, _csrf });
    assert.equal(refused.status, 422);
    assert.deepEqual((await record()).enrollments, []);
    assert.ok(!(await isInside(early)));
    assert.equal((await redeem(await signedIn(app), activationKey)).status, 422);
  });

  it('is void when there is a newer one', async () => {
    const app = await demanding();
    const [older, newer] = [
      await issueKey(world().store, USER),
      await issueKey(world().store, USER),
    ];
    const browser = await signedIn(app);
    assert.equal((await redeem(browser, older)).status, 422);
    assert.equal((await redeem(browser, newer)).status, 303);
  });

  it('is of no use to whoever has a method already', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    await redeem(browser, await issueKey(world().store, USER));
    await confirm(browser);
    const activationKey = await issueKey(world().store, USER);
    const thief = await signedIn(app);
    const answer = await redeem(thief, activationKey);
    assert.equal(answer.headers.location, '/two-factor/challenge');
    assert.equal((await thief.get(URL)).headers.location, '/two-factor/challenge');
    assert.equal((await record()).enrollments.length, 1);
  });

  it('opens one door of two confirmations at the same time', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    await redeem(browser, await issueKey(world().store, USER));
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, now());
    const there = await world().host(tenancy);
    const tabs = [browser.copy(), browser.copy(there.app), browser.copy(there.app)];
    const answers = await Promise.all(
      tabs.map((tab) => tab.post(URL, { code, enrollment, _csrf })),
    );
    assert.ok(answers.every(({ status }) => status < 500));
    assert.equal((await record()).enrollments.length, 1);
    const inside = await Promise.all(tabs.map(isInside));
    assert.deepEqual(inside.filter(Boolean), [true]);
  });

  it('that two sessions typed opens the door to the later one alone', async () => {
    const app = await demanding();
    const activationKey = await issueKey(world().store, USER);
    const early = await signedIn(app);
    await redeem(early, activationKey);
    const voided = await early.totpForm();
    const late = await signedIn(app);
    await redeem(late, activationKey);
    const refused = await early.post(URL, {
      code: codeAt(voided.key, now()),
      enrollment: voided.enrollment,
      _csrf: voided._csrf,
    });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /role="alert"[\s\S]*started again elsewhere/);
    assert.doesNotMatch(refused.text, /Use the one below/);
    assert.doesNotMatch(refused.text, /totp-key/);
    assert.equal((await confirm(late)).answer.status, 200);
    assert.ok(await isInside(late));
    assert.ok(!(await isInside(early)));
  });

  it('is demanded at once of whoever stands before the QR code when the organization begins to', async () => {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required' });
    const browser = await signedIn(app);
    const form = await browser.totpForm();
    await set(world().store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const answer = await browser.post(URL, {
      code: codeAt(form.key, now()),
      enrollment: form.enrollment,
      _csrf: form._csrf,
    });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Enter your activation key/);
    assert.deepEqual((await record()).enrollments, []);
  });

  it('is demanded in My Profile too, where two-factor is optional', async () => {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'optional', enrollment: 'activation-key' });
    const browser = await signedIn(app);
    const url = '/two-factor/profile/activate/totp';
    const asked = await browser.get(url);
    assert.match(asked.text, new RegExp(`action="${url}/key"`));
    assert.doesNotMatch(asked.text, /totp-key/);
    const activationKey = await issueKey(world().store, USER);
    const _csrf = await browser.csrf();
    const opened = await browser.post(`${url}/key`, { activationKey, _csrf });
    assert.equal(opened.headers.location, url);
    const { text } = await browser.get(url);
    const key = /data-sp="totp-key"[^>]*>([^<]*)</.exec(text)?.[1] ?? 'none';
    const enrollment = /name="enrollment"[^>]*value="([^"]*)"/.exec(text)?.[1] ?? 'none';
    const code = codeAt(key, now());
    const answer = await browser.post(url, { code, enrollment, _csrf });
    assert.equal(answer.status, 200);
    const kept = await browser.keepCodes();
    assert.equal(kept.headers.location, '/two-factor/profile?done=activated');
    assert.equal((await record()).activationKeyEndsAt, null);
    assert.ok(await isInside(browser));
  });

  it('is not needed to replace a method that was just proven', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    await redeem(browser, await issueKey(world().store, USER));
    const { key } = await confirm(browser);
    const id = (await record()).enrollments[0]!.id;
    const { text } = await browser.form(`/two-factor/profile/replace/${id}`);
    const next = /data-sp="totp-key"[^>]*>([^<]*)</.exec(text)?.[1] ?? 'none';
    assert.match(next, /^[A-Z2-7 ]{39}$/);
    assert.notEqual(next, key);
  });

  it('is taken in JSON as well', async () => {
    const app = await demanding();
    const browser = await signedIn(app);
    const activationKey = await issueKey(world().store, USER);
    const wrong = await issueKey(world().store, 'user2@acme');
    const csrf = { 'x-csrf-token': await browser.csrf() };
    const send = (body: object) => browser.json('post', `${URL}/key`, body).set(csrf);
    const refused = await send({ activationKey: wrong });
    assert.equal(refused.status, 422);
    assert.deepEqual([refused.body.error, refused.body.next], ['wrong_code', 'activation-key']);
    for (const body of [{ activationKey: [activationKey] }, { activationKey, user: USER }]) {
      assert.equal((await send(body)).status, 400);
    }
    const opened = await send({ activationKey });
    assert.equal(opened.status, 200);
    assert.equal(opened.body.url, URL);
    const begun = await browser.json('get', opened.body.url);
    assert.match(begun.body.uri, /^otpauth:/);
    assert.equal((await browser.post(`${URL}/key`, { activationKey })).status, 403);
  });
});
