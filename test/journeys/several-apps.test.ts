import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const PROFILE = '/two-factor/profile';
const ADD = `${PROFILE}/activate/totp`;

journeys('several authenticator apps of one person', (world) => {
  const now = () => world().clock.now();
  const enrollments = async () => (await world().store.readSubject(USER)).enrollments;
  const labels = async () => (await enrollments()).map(({ label }) => label);

  async function add(browser: Browser, name?: string, url = ADD) {
    const { body } = await browser.jsonForm(url);
    const code = codeAt(body.key, now());
    const { enrollment, csrfToken: _csrf } = body;
    const named = name === undefined ? {} : { name };
    const answer = await browser.post(url, { code, enrollment, _csrf, ...named });
    return { key: String(body.key), answer };
  }

  async function signedIn(app: Express, key: string) {
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login(USER);
    return browser.answerChallenge(codeAt(key, now()));
  }

  it('are offered in My Profile, each with a name, and each opens the door', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    const first = await browser.activate(USER, now());
    const profile = await browser.get(PROFILE);
    assert.match(profile.text, new RegExp(`href="${ADD}">Another authenticator app<`));
    const page = await browser.form(ADD);
    assert.match(page.text, /name="name"[^>]*value="Authenticator app 2"/);
    const second = await add(browser, '  My\u202e tablet \r\n 電話 ');
    assert.equal(second.answer.headers.location, `${PROFILE}?done=activated`);
    const third = await add(browser);
    assert.deepEqual(await labels(), [
      'Authenticator app',
      'My tablet 電話',
      'Authenticator app 2',
    ]);
    for (const key of [first, second.key, third.key]) {
      assert.equal((await signedIn(app, key)).status, 303);
    }
  });

  it('are five at most, and no address adds another: not a stale page, nor two of them at once', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    for (let n = 0; n < 3; n += 1) assert.equal((await add(browser)).answer.status, 303);
    const begun = (await browser.jsonForm(ADD)).body;
    const copy = browser.copy();
    const code = codeAt(begun.key, now());
    const fields = { code, enrollment: begun.enrollment, _csrf: begun.csrfToken };
    await Promise.all([browser.post(ADD, fields), copy.post(ADD, fields)]);
    assert.equal((await enrollments()).length, 5);

    const inside = new Browser(app);
    world().clock.advance(30_000);
    await inside.login(USER);
    await inside.answerChallenge(codeAt(begun.key, now()));
    const full = await inside.get(ADD);
    assert.equal(full.status, 409);
    assert.match(full.text, /You have 5 of these already/);
    const _csrf = await inside.csrf();
    for (const url of [ADD, `${ADD}/begin`, `${ADD}/restart`]) {
      const refused = await inside.json('post', url, { _csrf });
      assert.deepEqual([refused.status, refused.body.error], [409, 'too_many'], url);
    }
    assert.doesNotMatch((await inside.get(PROFILE)).text, /Another authenticator app/);
    assert.equal((await enrollments()).length, 5);

    // One may still be put in the place of another, and keeps its name.
    const [one] = await enrollments();
    const replaced = await add(inside, undefined, `${PROFILE}/replace/${one?.id}`);
    assert.equal(replaced.answer.headers.location, `${PROFILE}?done=replaced`);
    assert.equal((await enrollments()).length, 5);
    assert.ok((await labels()).includes('Authenticator app'));
  });

  it('are renamed by their owner alone, with a fresh proof and our form', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const [one] = await enrollments();
    const url = `${PROFILE}/rename/${one?.id}`;
    assert.ok((await browser.get(PROFILE)).text.includes(`href="${url}"`));
    assert.match((await browser.get(url)).text, /name="name"[^>]*value="Authenticator app"/);
    assert.equal((await browser.post(url, { name: 'x' })).status, 403);
    const _csrf = await browser.csrf();
    for (const name of ['', '   ', '\u202e', 'x'.repeat(41), 'x'.repeat(150)]) {
      const refused = await browser.post(url, { name, _csrf });
      assert.equal(refused.status, 422, name);
      assert.match(refused.text, /role="alert"/);
    }
    const named = await browser.post(url, { name: 'x'.repeat(40), _csrf });
    assert.equal(named.headers.location, `${PROFILE}?done=renamed`);
    const again = await browser.json('post', url, { name: '<b>הטלפון</b>', _csrf });
    assert.equal(again.body.next, 'done');
    assert.deepEqual(await labels(), ['<b>הטלפון</b>']);
    const { text } = await browser.get(`${PROFILE}?done=renamed`);
    assert.match(text, /The new name is saved/);
    assert.ok(text.includes('<bdi>&lt;b&gt;הטלפון&lt;/b&gt;</bdi>'));

    const other = new Browser(app);
    await other.activate('user2@acme', now());
    assert.equal((await other.get(url)).status, 404);
    assert.equal((await other.post(url, { name: 'x', _csrf: await other.csrf() })).status, 404);
    assert.deepEqual(await labels(), ['<b>הטלפון</b>']);
    world().clock.advance(6 * 60_000);
    assert.equal((await browser.get(url)).headers.location, '/two-factor/challenge');
    assert.equal((await browser.post(url, { name: 'late', _csrf })).status, 401);
  });
});
