import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const MINUTE = 60_000;
const URL = '/two-factor/activate/totp';

journeys('activating TOTP', (world) => {
  const now = () => world().clock.now();
  const enrollments = async (user = 'user1@acme') =>
    (await world().store.readSubject(user)).enrollments;

  async function begun(app: Express, user = 'user1@acme') {
    const browser = new Browser(app);
    await browser.login(user);
    return { browser, ...(await browser.totpForm()) };
  }

  const confirm = (
    { browser, enrollment, _csrf }: Awaited<ReturnType<typeof begun>>,
    code: string,
    more: Record<string, string> = {},
  ) => browser.post(URL, { code, enrollment, _csrf, ...more });

  it('counts for nothing before it is confirmed', async () => {
    const { app } = await world().host();
    const one = await begun(app);
    assert.deepEqual(await enrollments(), []);
    const other = new Browser(app);
    await other.login('user1@acme');
    assert.equal((await other.get('/reports')).headers.location, '/two-factor/activate');
    assert.equal((await one.browser.get('/reports')).headers.location, '/two-factor/activate');
  });

  it('gives a secret of 160 bits, another one to each', async () => {
    const { app } = await world().host();
    const keys = new Set<string>();
    for (const user of ['a@acme', 'b@acme', 'c@acme']) {
      const { key } = await begun(app, user);
      assert.match(key.replaceAll(' ', ''), /^[A-Z2-7]{32}$/);
      keys.add(key);
    }
    assert.equal(keys.size, 3);
  });

  it('shows the same key again until it is started anew', async () => {
    const { app } = await world().host();
    const one = await begun(app);
    assert.equal((await one.browser.totpForm()).key, one.key);
    await confirm(one, wrongCode(one.key, now()));
    assert.equal((await one.browser.totpForm()).key, one.key);
    const restarted = await one.browser.post(`${URL}/restart`, { _csrf: one._csrf });
    assert.equal(restarted.headers.location, URL);
    assert.notEqual((await one.browser.totpForm()).key, one.key);
  });

  it('voids an older tab’s key when it is started anew, and says so', async () => {
    const { app } = await world().host();
    const old = await begun(app);
    await old.browser.post(`${URL}/restart`, { _csrf: old._csrf });
    const refused = await confirm(old, codeAt(old.key, now()));
    assert.equal(refused.status, 422);
    assert.match(refused.text, /role="alert"[\s\S]*no longer valid: activation was started again/);
    assert.deepEqual(await enrollments(), []);
  });

  it('voids the key of another session when it is begun there, and says so', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const first = await begun(here.app);
    const second = await begun(there.app);
    assert.notEqual(second.key, first.key);
    const refused = await confirm(first, codeAt(first.key, now()));
    assert.equal(refused.status, 422);
    assert.match(refused.text, /activation was started again/);
    assert.deepEqual(await enrollments(), []);
  });

  it('shows a key to the session alone that began it', async () => {
    const { app } = await world().host();
    const first = await begun(app);
    const second = new Browser(app);
    await second.login('user1@acme');
    const page = await second.get(URL);
    assert.equal(page.status, 200);
    assert.equal(page.text.includes(first.key), false);
    assert.equal(page.text.includes(first.key.replaceAll(' ', '')), false);
    assert.equal(page.text.includes(first.enrollment), false);
  });

  it('cannot be confirmed by another session, though it names the enrollment and the right code', async () => {
    const { app } = await world().host();
    const first = await begun(app);
    const thief = new Browser(app);
    await thief.login('user1@acme');
    const _csrf = await thief.csrf();
    const { enrollment } = first;
    const code = codeAt(first.key, now());
    const refused = await thief.post(URL, { code, enrollment, _csrf });
    assert.equal(refused.status, 422);
    assert.deepEqual(await enrollments(), []);
    assert.equal((await thief.get('/reports')).headers.location, '/two-factor/activate');
  });

  it('cannot be confirmed for another subject', async () => {
    const { app } = await world().host();
    const mine = await begun(app, 'thief@acme');
    const theirs = await begun(app, 'user1@acme');
    for (const enrollment of [theirs.enrollment, mine.enrollment]) {
      const { _csrf } = theirs;
      const refused = await theirs.browser.post(URL, {
        code: codeAt(mine.key, now()),
        enrollment,
        _csrf,
      });
      assert.equal(refused.status, 422);
    }
    assert.deepEqual(await enrollments('user1@acme'), []);
    assert.deepEqual(await enrollments('thief@acme'), []);
  });

  it('is confirmed once of two answers that arrive together', async () => {
    const { app, events } = await world().host();
    const one = await begun(app);
    const code = codeAt(one.key, now());
    const tabs = [one.browser.copy(), one.browser.copy(), one.browser.copy()];
    const answers = await Promise.all(tabs.map((browser) => confirm({ ...one, browser }, code)));
    assert.ok(
      answers.every(({ status }) => status < 500),
      String(answers.map(({ status }) => status)),
    );
    assert.equal((await enrollments()).length, 1);
    assert.equal(events.filter(({ type }) => type === 'enrollment.confirmed').length, 1);
    const inside = await Promise.all(tabs.map((tab) => tab.get('/reports')));
    assert.equal(inside.filter(({ status }) => status === 200).length, 1);
  });

  it('is confirmed by one at most of two sessions that each began it', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const both = [await begun(here.app), await begun(there.app)];
    const answers = await Promise.all(both.map((one) => confirm(one, codeAt(one.key, now()))));
    const opened = answers.filter(({ status }) => status === 303).length;
    assert.ok(answers.every(({ status }) => status === 303 || status === 422));
    // The page that refuses the older key begins a new one, which may void the other session's in turn.
    assert.ok(opened <= 1);
    assert.equal((await enrollments()).length, opened);
    const inside = await Promise.all(both.map(({ browser }) => browser.get('/reports')));
    assert.equal(inside.filter(({ status }) => status === 200).length, opened);
  });

  it('is not open to a stolen password once there is a factor', async () => {
    const { app } = await world().host();
    const waiting = await begun(app);
    const owner = new Browser(app);
    await owner.activate('user1@acme', now());
    const [factor] = await enrollments();
    const thief = new Browser(app);
    await thief.login('user1@acme');
    assert.equal((await thief.get(URL)).headers.location, '/two-factor/challenge');
    const _csrf = await thief.csrf();
    for (const path of [`${URL}/restart`, URL]) {
      const fields = path === URL ? { code: '000000', enrollment: 'x' } : {};
      const refused = await thief.post(path, { ...fields, _csrf });
      assert.equal(refused.headers.location, '/two-factor/challenge', path);
    }
    // One that had been begun before there was a factor is void too.
    const late = await confirm(waiting, codeAt(waiting.key, now()));
    assert.equal(late.headers.location, '/two-factor/challenge');
    assert.deepEqual(await enrollments(), [factor]);
  });

  it('shows a new key when the old one has expired', async () => {
    const { app } = await world().host({ options: { pendingMaxAge: '1h' } });
    const one = await begun(app);
    world().clock.advance(10 * MINUTE);
    const refused = await confirm(one, codeAt(one.key, now()));
    assert.equal(refused.status, 422);
    assert.match(refused.text, /role="alert"/);
    assert.deepEqual(await enrollments(), []);
    const { key } = await one.browser.totpForm();
    assert.notEqual(key, one.key);
    assert.equal(refused.text.includes(one.key), false);
  });

  it('is void after a reset', async () => {
    const { app } = await world().host();
    const one = await begun(app);
    await world().store.reset('user1@acme');
    const late = await confirm(one, codeAt(one.key, now()));
    assert.equal(late.headers.location, '/two-factor/expired');
    assert.deepEqual(await enrollments(), []);
  });

  it('shows its secret on the activation page and nowhere else', async () => {
    const { app, events, errors } = await world().host();
    const one = await begun(app);
    const plain = one.key.replaceAll(' ', '');
    const browser = one.browser;
    const elsewhere = [
      await browser.get('/'),
      await browser.get('/two-factor'),
      await browser.get('/two-factor/activate'),
      await browser.get('/two-factor/challenge'),
      await browser.json('get', '/two-factor'),
      await browser.json('get', '/api/me'),
      await browser.get('/two-factor/nothing'),
      await browser.send('head', URL),
      await browser.post(URL, { code: '1', enrollment: one.enrollment }),
      await browser.post(`${URL}/restart`, { _csrf: 'wrong' }),
      await confirm(one, codeAt(one.key, now())),
      await browser.get(URL),
      await browser.get('/reports'),
    ];
    const hidden = [one.key, plain, plain.toLowerCase(), encodeURIComponent(one.key), 'otpauth:'];
    for (const answer of elsewhere) {
      const whole = `${JSON.stringify(answer.headers)} ${answer.text ?? ''}`;
      for (const text of hidden) assert.equal(whole.includes(text), false, answer.text);
    }
    const told = JSON.stringify([events, errors.map(String)]);
    for (const text of hidden) assert.equal(told.includes(text), false);
  });

  it('shows its QR code as part of the page, and lets no link of a site carry the secret', async () => {
    const { app } = await world().host();
    const { browser, key } = await begun(app);
    const { text } = await browser.get(URL);
    assert.match(text, /<svg[^>]*>/);
    const addresses = [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(
      ([, address]) => address!,
    );
    assert.ok(addresses.length > 2);
    // For the app on the same device: no site's address, so nobody is sent it.
    const forApp = addresses.filter((address) => address.startsWith('otpauth:'));
    assert.equal(forApp.length, 1);
    assert.match(forApp[0] ?? '', new RegExp(`secret=${key.replaceAll(' ', '')}&`));
    for (const address of addresses.filter((one) => !forApp.includes(one))) {
      assert.match(address, /^\/(?!\/)/, 'nothing of another site');
      assert.equal(address.includes(key.replaceAll(' ', '')), false);
    }
  });

  it('tells who confirmed, and what failed before', async () => {
    const { app, events } = await world().host();
    const one = await begun(app);
    await confirm(one, wrongCode(one.key, now()));
    await confirm(one, codeAt(one.key, now()));
    const told = events
      .filter(({ type }) => type.startsWith('enrollment.'))
      .map(({ type, subjectId, tenantId, method, detail }) => [
        type,
        subjectId,
        tenantId,
        method,
        detail,
      ]);
    assert.deepEqual(told, [
      ['enrollment.failed', 'user1@acme', 'acme', 'totp', 'wrong-code'],
      ['enrollment.confirmed', 'user1@acme', 'acme', 'totp', null],
    ]);
  });

  it('tells a phone whose clock is minutes late so, after the attempt was counted, and lets nobody in by it', async () => {
    const { app } = await world().host();
    const one = await begun(app);
    const late = await confirm(one, codeAt(one.key, now() - 3 * MINUTE));
    assert.equal(late.status, 422);
    assert.match(late.text, /clock is about 3 minutes late/);
    const { browser, enrollment, _csrf } = one;
    const code = codeAt(one.key, now() + 60 * MINUTE);
    const early = await browser.json('post', URL, { code, enrollment, _csrf });
    assert.deepEqual([early.status, early.body.error], [422, 'wrong_code']);
    assert.equal(early.body.clockOffSeconds, 3600);
    assert.match(early.body.message, /clock is about 60 minutes ahead/);
    assert.equal((await world().store.readSubject('user1@acme')).failures, 2);
    assert.equal((await browser.get('/reports')).status, 303);
    for (let n = 0; n < 3; n += 1) await confirm(one, wrongCode(one.key, now()));
    const locked = await confirm(one, codeAt(one.key, now() - 3 * MINUTE));
    assert.equal(locked.status, 429);
    assert.doesNotMatch(locked.text, /clock/);
    assert.deepEqual(await enrollments(), []);
  });

  for (const [what, label] of [
    ['half an emoji', 'user1\ud83d@acme'],
    ['400 Chinese letters', `${'\u6771'.repeat(400)}@acme`],
    ['10 000 letters', `${'a'.repeat(10_000)}@acme`],
    ['markup, percent signs and a line break', 'a%:<b>\r\n"\u202e@acme'],
  ] as const) {
    it(`goes through for a name of ${what}, with the same words on the page as in the app`, async () => {
      const { app, errors } = await world().host({
        options: { subject: (req) => req.user && { id: 'user1@acme', tenantId: 'acme', label } },
      });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const { body } = await browser.json('get', URL);
      const account = /^otpauth:\/\/totp\/[^:?]*:([^?]*)\?/.exec(body.uri)?.[1] ?? '';
      assert.equal(decodeURIComponent(account), body.account);
      assert.ok(body.uri.length < 500, body.uri);
      const { key } = await browser.totpForm();
      assert.equal(key, body.key);
      const { enrollment, csrfToken: _csrf } = body;
      const code = codeAt(key, now());
      assert.equal((await browser.post(URL, { code, enrollment, _csrf })).status, 303);
      assert.deepEqual(errors, []);
    });
  }

  it('is offered where two-factor is optional, and demanded from then on', async () => {
    const { app } = await world().host({ policy: () => ({ mode: 'optional' }) });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.get('/reports')).status, 200);
    await browser.activate('user1@acme', now());
    assert.equal((await browser.get('/reports')).status, 200);
    const again = new Browser(app);
    await again.login('user1@acme');
    assert.equal((await again.get('/reports')).headers.location, '/two-factor/challenge');
  });
});
