import assert from 'node:assert/strict';
import { memoryStore, type Policy, recoveryCodes, securityKey, totp } from 'sallyport';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { issueKey, set, tenancy } from '../support/tenancy.js';
import { emailCode } from './email-code.js';

const USER = 'user1@acme';
const ACTIVATE = '/two-factor/activate';
const DAY = 86_400_000;

/** A host with two methods that can be activated, and somebody who has given the password. */
async function signedIn(policy: Partial<Policy> = {}) {
  const clock = testClock();
  const store = memoryStore({ now: clock.now });
  const email = emailCode({ addressOf: ({ id }) => `${id}.example`, send: async () => {} });
  const made = await host({
    store,
    policy: () => ({ mode: 'required', methods: ['totp', 'email-code'], ...policy }) as Policy,
    options: { methods: [email, totp(), recoveryCodes()] },
  });
  const browser = new Browser(made.app);
  await browser.login(USER);
  return { ...made, browser, clock, store };
}

describe('choosing what to activate', () => {
  it('is a page with a way to each, and its names for a program', async () => {
    const { browser } = await signedIn();
    const page = await browser.get(ACTIVATE);
    assert.match(page.text, /<title>Activate two-factor – /);
    assert.match(page.text, /<h1>Choose your second factor<\/h1>/);
    const links = [...page.text.matchAll(/<li class="sp-choice">\s*<a href="([^"]*)">([^<]*)</g)];
    assert.deepEqual(
      links.map(([, href, title]) => `${title} ${href}`),
      [`Authenticator app ${ACTIVATE}/totp`, `Code by e-mail ${ACTIVATE}/email-code`],
    );
    const { next, methods } = (await browser.json('get', ACTIVATE)).body;
    assert.equal(next, 'enroll');
    assert.deepEqual(methods, [
      { name: 'totp', title: 'Authenticator app', url: `${ACTIVATE}/totp` },
      { name: 'email-code', title: 'Code by e-mail', url: `${ACTIVATE}/email-code` },
    ]);
  });

  it('has a method that not every browser can do second, where the policy has it first and no script runs', async () => {
    const linksOf = async (methods: readonly string[]) => {
      const { app } = await host({
        policy: () => ({ mode: 'required', methods }) as Policy,
        options: { methods: [securityKey(), totp(), recoveryCodes()] },
      });
      const browser = new Browser(app);
      await browser.login(USER);
      const { text } = await browser.get(ACTIVATE);
      const shown = [
        ...text.matchAll(/<li class="sp-choice"([^>]*)>\s*<a href="[^"]*\/([^"/]*)">/g),
      ];
      const { body } = await browser.json('get', ACTIVATE);
      return {
        shown: shown.map(([, marked, name]) => `${name}${marked}`),
        told: body.methods.map(({ name }: { readonly name: string }) => name),
      };
    };
    assert.deepEqual(await linksOf(['security-key', 'totp']), {
      shown: ['totp', 'security-key data-sp-first-with="PublicKeyCredential"'],
      told: ['security-key', 'totp'],
    });
    assert.deepEqual(await linksOf(['totp', 'security-key']), {
      shown: ['totp', 'security-key'],
      told: ['totp', 'security-key'],
    });
  });

  it('is nothing to choose where there is one', async () => {
    const { browser } = await signedIn({ methods: ['totp'] });
    assert.equal((await browser.get(ACTIVATE)).headers.location, `${ACTIVATE}/totp`);
    const { next, methods, url } = (await browser.json('get', ACTIVATE)).body;
    assert.deepEqual([next, methods, url], ['enroll', ['totp'], `${ACTIVATE}/totp`]);
    const page = await browser.get(`${ACTIVATE}/totp`);
    assert.doesNotMatch(page.text, /email-code/);
  });

  it('leads from the page of one to the others', async () => {
    const { browser } = await signedIn();
    const { text } = await browser.get(`${ACTIVATE}/totp`);
    assert.match(text, new RegExp(`<a href="${ACTIVATE}/email-code">[^<]*Code by e-mail`));
    assert.doesNotMatch(text, new RegExp(`<a href="${ACTIVATE}/totp">`));
  });

  it('is among those that are offered', async () => {
    const { browser } = await signedIn({ methods: ['totp'] });
    for (const name of ['email-code', 'carrier-pigeon']) {
      const { status, body } = await browser.json('get', `${ACTIVATE}/${name}`);
      assert.deepEqual(
        [status, body],
        [404, { error: 'not_found', message: 'This method is not offered to you.' }],
      );
    }
  });

  it('is a 503 where the policy leaves nothing, and the host hears why', async () => {
    const { browser, errors } = await signedIn({ methods: ['recovery-code'] });
    assert.equal((await browser.json('get', ACTIVATE)).status, 503);
    const [{ code, message }] = errors as [Error & { code: string }];
    assert.deepEqual(
      [code, message],
      ['ERR_POLICY', 'the policy accepts no method that can be activated'],
    );
  });

  it('is over for whoever has activated', async () => {
    const { browser, clock } = await signedIn({ methods: ['totp'] });
    await browser.activateHere(clock.now());
    for (const path of [ACTIVATE, `${ACTIVATE}/totp`]) {
      const { headers } = await browser.get(path);
      assert.equal(headers.location, '/', path);
      const { body } = await browser.json('get', path);
      assert.deepEqual([body.next, body.url], ['done', '/'], path);
    }
    const again = new Browser(browser.target);
    await again.login(USER);
    const { body } = await again.json('get', ACTIVATE);
    assert.deepEqual([body.next, body.url], ['challenge', '/two-factor/challenge']);
  });

  it('may be put off until a date, which a program is told too', async () => {
    const graceUntil = new Date(testClock().now() + 3 * DAY);
    const { browser } = await signedIn({ graceUntil });
    const page = await browser.get(ACTIVATE);
    assert.match(page.text, /action="\/two-factor\/postpone"/);
    assert.match(page.text, new RegExp(`<time datetime="${graceUntil.toISOString()}">`));
    const { body } = await browser.json('get', `${ACTIVATE}/totp`);
    assert.equal(body.graceEndsAt, graceUntil.toISOString());
  });

  it('may not be put off where there is no date', async () => {
    const { browser } = await signedIn();
    assert.doesNotMatch((await browser.get(ACTIVATE)).text, /postpone/);
    assert.equal((await browser.json('get', `${ACTIVATE}/totp`)).body.graceEndsAt, null);
    const _csrf = await browser.csrf();
    const { status, body } = await browser.json('post', '/two-factor/postpone', { _csrf });
    assert.deepEqual(
      [status, body],
      [409, { error: 'not_postponable', message: 'Two-factor can no longer be postponed.' }],
    );
    assert.equal((await browser.get('/reports')).headers.location, ACTIVATE);
  });

  it('begins with an activation key where one is demanded', async () => {
    const clock = testClock();
    const store = memoryStore({ now: clock.now });
    const { app } = await host({ store, ...tenancy() });
    await set(store, 'acme', { mode: 'required', methods: ['totp'], enrollment: 'activation-key' });
    const browser = new Browser(app);
    await browser.login(USER);
    const page = await browser.get(`${ACTIVATE}/totp`);
    assert.match(page.text, /<title>Enter your activation key – /);
    const { csrfToken: _csrf, ...told } = (await browser.json('get', `${ACTIVATE}/totp`)).body;
    assert.deepEqual(told, {
      ...{ next: 'activation-key', method: 'totp', url: `${ACTIVATE}/totp/key`, graceEndsAt: null },
    });
    const wrong = await browser.json('post', told.url, { activationKey: 'x', _csrf });
    assert.equal(wrong.status, 422);
    assert.deepEqual([wrong.body.next, wrong.body.retryAt], ['activation-key', null]);
    const activationKey = await issueKey(store, USER);
    const right = await browser.json('post', told.url, { activationKey, _csrf });
    assert.deepEqual(
      [right.status, right.body.next, right.body.url],
      [200, 'enroll', `${ACTIVATE}/totp`],
    );
    const form = (await browser.json('get', `${ACTIVATE}/totp`)).body;
    const { enrollment, key } = form;
    const done = await browser.json('post', `${ACTIVATE}/totp`, {
      ...{ code: codeAt(key, clock.now()), enrollment, _csrf },
    });
    assert.equal(done.status, 200);
  });

  it('begins with a button where something was begun elsewhere', async () => {
    const { browser } = await signedIn();
    await browser.get(`${ACTIVATE}/totp`);
    const other = new Browser(browser.target);
    await other.login(USER);
    const page = await other.get(`${ACTIVATE}/totp`);
    assert.match(page.text, /<title>Activate two-factor – /);
    assert.match(page.text, /<h1>Activate an authenticator app<\/h1>/);
    assert.match(page.text, />Show the key<\/button>/);
    const { csrfToken, ...told } = (await other.json('get', `${ACTIVATE}/totp`)).body;
    assert.ok(csrfToken);
    assert.deepEqual(told, {
      ...{ next: 'enroll', method: 'totp', url: `${ACTIVATE}/totp` },
      ...{ begin: `${ACTIVATE}/totp/begin`, graceEndsAt: null },
    });
  });
});
