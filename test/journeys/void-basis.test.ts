import assert from 'node:assert/strict';
import type { Express } from 'express';
import type { PolicyInput } from 'sallyport';
import { Browser, codeAt, type TotpForm } from '../support/browser.js';
import { issueKey, set, tenancy } from '../support/tenancy.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const ACTIVATE = '/two-factor/activate/totp';
const PROFILE = '/two-factor/profile';
const USER = 'user1@acme';

// Each was found by the model test (test/model).
journeys('an enrollment that was begun, and what it rests on', (world) => {
  const now = () => world().clock.now();
  const enrollments = async () => (await world().store.readSubject(USER)).enrollments;

  const confirm = async (browser: Browser, { key, enrollment }: TotpForm, url = ACTIVATE) => {
    const _csrf = await browser.csrf();
    return browser.json('post', url, { code: codeAt(key, now()), enrollment, _csrf });
  };

  /** With the password and the activation key, and the form that comes after them. */
  async function keyed(app: Express, activationKey: string) {
    const browser = new Browser(app);
    await browser.login(USER);
    const _csrf = await browser.csrf();
    assert.equal((await browser.post(`${ACTIVATE}/key`, { activationKey, _csrf })).status, 303);
    return { browser, form: await browser.totpForm() };
  }

  it('is void when its activation key is revoked, also after a new one is issued', async () => {
    const { app } = await world().host(tenancy);
    const { store } = world();
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const { browser, form } = await keyed(app, await issueKey(store, USER));
    await store.revokeActivationKey(USER);
    await issueKey(store, USER);
    assert.equal((await confirm(browser, form)).body.error, 'superseded');
    assert.deepEqual(await enrollments(), []);
    assert.notEqual((await store.readSubject(USER)).activationKeyEndsAt, null);
  });

  it('is void when its activation key is replaced by another', async () => {
    const { app } = await world().host(tenancy);
    const { store } = world();
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const { browser, form } = await keyed(app, await issueKey(store, USER));
    const activationKey = await issueKey(store, USER);
    assert.equal((await confirm(browser, form)).body.error, 'superseded');
    const other = await keyed(app, activationKey);
    assert.equal((await confirm(other.browser, other.form)).status, 200);
  });

  it('is void when the policy has come to demand an activation key', async () => {
    const { app } = await world().host(tenancy);
    const { store } = world();
    await set(store, 'acme', { mode: 'required', enrollment: 'self' });
    const browser = new Browser(app);
    await browser.login(USER);
    const form = await browser.totpForm();
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const refused = await confirm(browser, form);
    assert.equal(refused.body.error, 'superseded');
    assert.equal(refused.body.next, 'activation-key');
    assert.deepEqual(await enrollments(), []);
  });

  it('is void when the factor that was proven for it has been removed', async () => {
    let policy: PolicyInput = { ...TOTP_ONLY, mode: 'optional' };
    const { app } = await world().host({ policy: () => policy });
    const stolen = new Browser(app);
    const key = await stolen.activate(USER, now());
    const begun = (await stolen.jsonForm(`${PROFILE}/activate/totp`)).body;
    world().clock.advance(30_000);
    const owner = new Browser(app);
    await owner.login(USER);
    await owner.answerChallenge(codeAt(key, now()));
    const [factor] = await enrollments();
    const removed = await owner.post(`${PROFILE}/remove/${factor!.id}`, {
      _csrf: await owner.csrf(),
    });
    assert.equal(removed.status, 303);
    policy = { ...policy, enrollment: 'activation-key' };
    const refused = await confirm(stolen, begun, `${PROFILE}/activate/totp`);
    assert.equal(refused.body.error, 'authentication_required');
    assert.deepEqual(await enrollments(), []);
  });
});
