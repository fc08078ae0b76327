import assert from 'node:assert/strict';
import type { DuoSimulator } from 'sallyport/testing';
import { Browser, codeAt } from '../support/browser.js';
import { continueLink, duoHost, local, startSimulator, toPrompt } from '../support/duo.js';
import { handOver, set, tenancy } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const ACTIVATE = '/two-factor/activate/totp';
const PROFILE = '/two-factor/profile';
const MINUTE = 60_000;

journeys('a link to an activation', (world) => {
  const now = () => world().clock.now();
  const record = () => world().store.readSubject(USER);

  async function signedIn(app: ConstructorParameters<typeof Browser>[0], user = USER) {
    const browser = new Browser(app);
    await browser.login(user);
    return browser;
  }

  async function confirm(
    browser: Browser,
    form: { key: string; enrollment: string },
    url = ACTIVATE,
  ) {
    const { key, enrollment } = form;
    const _csrf = await browser.csrf();
    return browser.post(url, { code: codeAt(key, now()), enrollment, _csrf });
  }

  it('begins by itself at login where nothing was begun, and shows the same to a reload', async () => {
    const { app } = await world().host();
    const browser = await signedIn(app);
    const first = await browser.json('get', ACTIVATE);
    assert.ok(first.body.key);
    assert.equal((await browser.json('get', ACTIVATE)).body.key, first.body.key);
  });

  it('voids nothing that another session has begun: it shows a button', async () => {
    const { app } = await world().host();
    const one = await signedIn(app);
    const form = await one.totpForm();
    const other = await signedIn(app);
    for (let n = 0; n < 3; n += 1) {
      const page = await other.get(ACTIVATE);
      assert.equal(page.status, 200);
      assert.match(page.text, /action="\/two-factor\/activate\/totp\/begin"/);
      assert.doesNotMatch(page.text, /totp-key|otpauth|<svg/);
      const json = await other.json('get', ACTIVATE);
      assert.deepEqual([json.body.next, json.body.begin], ['enroll', `${ACTIVATE}/begin`]);
      assert.equal(json.body.key, undefined);
    }
    assert.equal((await confirm(one, form)).status, 303);
  });

  it('begins, and voids the other one, by the button alone, and only with the token of our form', async () => {
    const { app } = await world().host();
    const one = await signedIn(app);
    const form = await one.totpForm();
    const other = await signedIn(app);
    assert.equal((await other.post(`${ACTIVATE}/begin`, {})).status, 403);
    assert.equal((await other.get(`${ACTIVATE}/begin`)).status, 404);
    assert.equal((await other.get(`${ACTIVATE}/restart`)).status, 404);
    assert.equal((await one.json('get', ACTIVATE)).body.key, form.key);
    const _csrf = await other.csrf();
    const begun = await other.post(`${ACTIVATE}/begin`, { _csrf });
    assert.deepEqual([begun.status, begun.headers.location], [303, ACTIVATE]);
    const theirs = await other.totpForm();
    assert.notEqual(theirs.key, form.key);
    // A second press shows the same key.
    await other.post(`${ACTIVATE}/begin`, { _csrf });
    assert.equal((await other.totpForm()).key, theirs.key);
    const late = await confirm(one, form);
    assert.equal(late.status, 422);
    assert.match(late.text, /started again elsewhere/);
  });

  it('begins by itself again once what another session has begun is over', async () => {
    const { app } = await world().host();
    const one = await signedIn(app);
    await one.totpForm();
    world().clock.advance(10 * MINUTE);
    const other = await signedIn(app);
    assert.ok((await other.json('get', ACTIVATE)).body.key);
  });

  it('voids no key that an administrator has handed over', async () => {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required' });
    const key = await handOver(world().store, USER);
    const browser = await signedIn(app);
    const { body } = await browser.json('get', ACTIVATE);
    assert.equal(body.handedOver, true);
    const answer = await confirm(browser, { key, enrollment: body.enrollment });
    assert.equal(answer.status, 200);
  });

  it('begins nothing in My Profile: neither another app nor one in the place of the first', async () => {
    const { app } = await world().host();
    const browser = await signedIn(app);
    await confirm(browser, await browser.totpForm());
    const [own] = (await record()).enrollments;
    for (const url of [`${PROFILE}/activate/totp`, `${PROFILE}/replace/${own?.id}`]) {
      for (let n = 0; n < 2; n += 1) {
        const page = await browser.get(url);
        assert.match(page.text, new RegExp(`action="${url}/begin"`));
        assert.doesNotMatch(page.text, /totp-key|otpauth|<svg/);
        assert.equal((await browser.json('get', url)).body.begin, `${url}/begin`);
      }
      const { headers } = await browser.post(`${url}/begin`, { _csrf: await browser.csrf() });
      assert.equal(headers.location, url);
      const { body } = await browser.json('get', url);
      assert.ok(body.key);
      await browser.get(`${PROFILE}/activate/totp`);
      assert.equal((await browser.json('get', url)).body.key, body.key);
      await world().store.voidPending(USER);
    }
    assert.equal((await record()).enrollments.length, 1);
  });
});

describe('a link to the activation of Duo', () => {
  let duo: DuoSimulator;
  before(async () => {
    duo = await startSimulator();
  });
  after(() => duo.close());

  it('voids nothing that was begun, and leads to Duo by a button', async () => {
    const host = await duoHost(duo, { setting: { methods: ['totp', 'duo'] } });
    const browser = host.browser();
    await browser.login('user1@globex');
    const form = await browser.totpForm();
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }]) {
      const page = await browser.get('/two-factor/activate/duo').set(headers);
      assert.match(page.text, /action="\/two-factor\/activate\/duo\/begin"/);
      assert.equal(page.headers.refresh, undefined);
      const { body } = await browser.json('get', '/two-factor/activate/duo');
      assert.equal(body.begin, '/two-factor/activate/duo/begin');
    }
    assert.equal((await browser.totpForm()).key, form.key);

    const url = await toPrompt(browser, '/two-factor/activate/duo');
    const totp = await browser.get(ACTIVATE);
    assert.match(totp.text, /action="\/two-factor\/activate\/totp\/begin"/);
    const again = await browser.get('/two-factor/activate/duo');
    assert.ok(continueLink(again.text));
    const { callback } = await duo.answer(url);
    const back = await browser.get(local(callback));
    assert.ok(back.status === 200 || back.status === 303, back.text);
    const { enrollments } = await host.store.readSubject('user1@globex');
    assert.deepEqual(
      enrollments.map(({ method }) => method),
      ['duo'],
    );
  });

  it('begins nothing in My Profile', async () => {
    const host = await duoHost(duo, { setting: { methods: ['totp', 'duo'] } });
    const browser = host.browser();
    await browser.activate('user1@globex', Date.now());
    const url = `${PROFILE}/activate/duo`;
    assert.match((await browser.get(url)).text, new RegExp(`action="${url}/begin"`));
    assert.equal(await host.store.resumeEnrollment('user1@globex', 'x'), null);
    const { callback } = await duo.answer(await toPrompt(browser, url));
    const back = await browser.get(local(callback));
    assert.ok(back.status === 200 || back.status === 303, back.text);
    const { enrollments } = await host.store.readSubject('user1@globex');
    assert.deepEqual(
      enrollments.map(({ method }) => method),
      ['totp', 'duo'],
    );
  });
});
