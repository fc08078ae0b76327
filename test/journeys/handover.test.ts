import assert from 'node:assert/strict';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { handOver, issueKey, set, tenancy } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const URL = '/two-factor/activate/totp';
const USER = 'user1@acme';
const HOUR = 3_600_000;

journeys('a key that an administrator has handed over', (world) => {
  const now = () => world().clock.now();
  const enrollments = async (id = USER) => (await world().store.readSubject(id)).enrollments;

  async function required(enrollment: 'self' | 'activation-key' = 'self') {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required', enrollment });
    return app;
  }

  /** What stands on the page for the code. */
  async function form(browser: Browser) {
    const { text } = await browser.get(URL);
    const enrollment = /name="enrollment"[^>]*value="([^"]*)"/.exec(text)?.[1] ?? 'none';
    return { text, enrollment, _csrf: await browser.csrf() };
  }

  async function confirm(browser: Browser, code: string) {
    const { enrollment, _csrf } = await form(browser);
    return browser.post(URL, { code, enrollment, _csrf });
  }

  it('is confirmed at the next login by a code, and never shown to the user', async () => {
    const app = await required();
    const key = await handOver(world().store, USER);
    const browser = new Browser(app);
    await browser.login(USER);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    const { text } = await form(browser);
    assert.match(text, /Your administrator has prepared a key for you/);
    assert.match(text, /autocomplete="one-time-code"/);
    const { body } = await browser.json('get', URL);
    assert.equal(body.handedOver, true);
    for (const shown of [text, JSON.stringify(body)]) {
      assert.ok(!shown.includes(key) && !shown.includes(key.replaceAll(' ', '')));
      assert.doesNotMatch(shown, /<svg|otpauth|totp-key/);
    }

    const wrong = await confirm(browser, wrongCode(key, now()));
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /role="alert"[\s\S]*not right/);
    assert.ok(!wrong.text.includes(key));
    assert.equal((await world().store.readSubject(USER)).failures, 1);
    assert.deepEqual(await enrollments(), []);

    const right = await confirm(browser, codeAt(key, now()));
    assert.equal(right.status, 200);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.equal((await enrollments()).length, 1);

    world().clock.advance(30_000);
    const later = new Browser(app);
    await later.login(USER);
    assert.equal((await later.answerChallenge(codeAt(key, now()))).status, 303);
  });

  it('needs no activation key where the organization demands one, and cannot be set aside there', async () => {
    const app = await required('activation-key');
    const key = await handOver(world().store, USER);
    const browser = new Browser(app);
    await browser.login(USER);
    const { text, _csrf } = await form(browser);
    assert.doesNotMatch(text, /Set up an app yourself/);
    await browser.post(`${URL}/restart`, { _csrf });
    assert.match((await form(browser)).text, /Your administrator has prepared a key/);
    assert.equal((await confirm(browser, codeAt(key, now()))).status, 200);
    assert.equal((await browser.get('/reports')).status, 200);
  });

  it('can be set aside by somebody who may activate alone', async () => {
    const app = await required();
    const key = await handOver(world().store, USER);
    const browser = new Browser(app);
    await browser.login(USER);
    const { text, _csrf } = await form(browser);
    assert.match(text, /Set up an app yourself/);
    assert.equal((await browser.post(`${URL}/restart`, { _csrf })).headers.location, URL);
    const own = await browser.totpForm();
    assert.notEqual(own.key, key);
    const { enrollment } = own;
    const code = codeAt(key, now());
    assert.equal((await browser.post(URL, { code, enrollment, _csrf })).status, 422);
    assert.equal((await confirm(browser, codeAt(own.key, now()))).status, 200);
  });

  it('is confirmed in any session of the user, and in none of another', async () => {
    const app = await required();
    const key = await handOver(world().store, USER);
    const other = new Browser(app);
    await other.login('user2@acme');
    const theirs = await other.totpForm();
    const [first, second] = [new Browser(app), new Browser(app)];
    await first.login(USER);
    await second.login(USER);
    const { enrollment } = await form(first);
    assert.equal((await form(second)).enrollment, enrollment);
    assert.notEqual(theirs.enrollment, enrollment);

    const { _csrf } = theirs;
    const stolen = await other.post(URL, { code: codeAt(key, now()), enrollment, _csrf });
    assert.equal(stolen.status, 422);
    assert.deepEqual(await enrollments('user2@acme'), []);
    assert.equal((await confirm(second, codeAt(key, now()))).status, 200);
    assert.equal((await first.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('ends after its time', async () => {
    const app = await required();
    const key = await handOver(world().store, USER, HOUR);
    const browser = new Browser(app);
    await browser.login(USER);
    const { enrollment, _csrf } = await form(browser);
    world().clock.advance(HOUR);
    const late = new Browser(app);
    await late.login(USER);
    const code = codeAt(key, now());
    const refused = await late.post(URL, { code, enrollment, _csrf: await late.csrf() });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /role="alert"[\s\S]*(too long ago|no longer valid)/);
    assert.deepEqual(await enrollments(), []);
    assert.notEqual((await late.totpForm()).key, key);
    assert.equal(_csrf.length, 64);
  });

  it('is confirmed once by two codes that arrive together', async () => {
    const app = await required();
    const key = await handOver(world().store, USER);
    const browsers = [new Browser(app), new Browser(app)];
    for (const browser of browsers) await browser.login(USER);
    const forms = await Promise.all(browsers.map(form));
    const code = codeAt(key, now());
    const answers = await Promise.all(
      browsers.map((browser, at) => {
        const { enrollment, _csrf } = forms[at]!;
        return browser.post(URL, { code, enrollment, _csrf });
      }),
    );
    assert.ok(answers.every(({ status }) => status < 500));
    assert.equal((await enrollments()).length, 1);
    const inside = await Promise.all(browsers.map((browser) => browser.get('/reports')));
    assert.equal(inside.filter(({ status }) => status === 200).length, 1);
  });

  it('is void when an administrator hands over another, or resets', async () => {
    const app = await required();
    const older = await handOver(world().store, USER);
    const browser = new Browser(app);
    await browser.login(USER);
    const { enrollment, _csrf } = await form(browser);
    const newer = await handOver(world().store, USER);
    const code = codeAt(older, now());
    assert.equal((await browser.post(URL, { code, enrollment, _csrf })).status, 422);
    await world().store.reset(USER);
    assert.equal((await browser.get(URL)).headers.location, '/two-factor/expired');
    await browser.login(USER);
    assert.equal((await confirm(browser, codeAt(newer, now()))).status, 422);
    assert.deepEqual(await enrollments(), []);
  });

  it('is void for a user who moves to another organization, whose administrator has not seen it', async () => {
    const { app, door } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const key = await handOver(world().store, USER);
    const begun = new Browser(app);
    await begun.login(USER);
    const { enrollment, _csrf } = await form(begun);
    await door.subjects.setTenant({ id: USER, tenantId: 'globex' }, { tenantId: 'acme' });
    const answer = await begun.post(URL, { code: codeAt(key, now()), enrollment, _csrf });
    assert.equal(answer.headers.location, '/two-factor/expired');
    assert.deepEqual(await enrollments(), []);
    await begun.login(USER);
    assert.equal((await begun.json('get', URL)).body.next, 'activation-key');
  });

  it('gives way to an activation key that the user types', async () => {
    const app = await required('activation-key');
    const handed = await handOver(world().store, USER);
    const activationKey = await issueKey(world().store, USER);
    const browser = new Browser(app);
    await browser.login(USER);
    const _csrf = await browser.csrf();
    assert.equal((await browser.post(`${URL}/key`, { activationKey, _csrf })).status, 303);
    const own = await browser.totpForm();
    assert.notEqual(own.key, handed);
    assert.equal((await confirm(browser, codeAt(own.key, now()))).status, 200);
  });

  it('does not count for whoever has a method already', async () => {
    const app = await required();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const key = await handOver(world().store, USER);
    const thief = new Browser(app);
    await thief.login(USER);
    const _csrf = await thief.csrf();
    const code = codeAt(key, now());
    const answer = await thief.post(URL, { code, enrollment: 'x', _csrf });
    assert.equal(answer.headers.location, '/two-factor/challenge');
    assert.equal((await thief.answerChallenge(code)).status, 422);
    assert.equal((await enrollments()).length, 1);
  });
});
