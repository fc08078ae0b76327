import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SecondFactorStore } from 'sallyport';
import { AdminBrowser, type AdministrationOptions, administration } from '../support/admin.js';
import { codeAt } from '../support/browser.js';
import { set } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme';
const USER1 = `${ACME}/users/user1%40acme`;
const MINUTE = 60_000;

interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
}

/** Every route, as docs/openapi.json has them (another test holds that against the router). */
const ROUTES: readonly Route[] = Object.entries(
  JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))
    .paths as Record<string, object>,
).flatMap(([path, item]) =>
  (['get', 'post'] as const)
    .filter((method) => method in item)
    .map((method) => ({
      method,
      path: `/setup${path}`
        .replace('{organization}', path.endsWith('/clients') ? 'north' : 'acme')
        .replace('{user}', 'user1%40acme')
        .replace('{method}', 'security-key'),
    })),
);

journeys('an administrator’s own second factor', (world) => {
  const now = () => world().clock.now();
  const open = (options: AdministrationOptions = {}) => world().host(() => administration(options));
  const save = (store: SecondFactorStore, id: string, mode: 'off' | 'optional' | 'required') =>
    set(store, id, { mode, methods: ['totp', 'recovery-code'] });

  async function everything() {
    const { store } = world();
    return JSON.stringify(
      await Promise.all([
        store.readSubject('user1@acme'),
        store.readSubject('user2@acme'),
        store.readSetting('acme'),
        store.readEvents('acme', { before: null, limit: 100 }),
      ]),
    );
  }

  for (const mode of ['off', 'optional'] as const) {
    it(`is asked for where the partner has two-factor ${mode}: with a password alone nothing is read or changed`, async () => {
      const { app } = await open();
      await save(world().store, 'north', mode);
      await save(world().store, 'acme', 'required');
      await new AdminBrowser(app).activate('user1@acme', now());
      const before = await everything();
      const thief = await AdminBrowser.signedIn({ app }, 'admin@north');
      assert.equal((await thief.get('/')).status, 200);
      for (const { method, path } of ROUTES) {
        const { status, body } =
          method === 'get' ? await thief.json('get', path) : await thief.call(path, {});
        assert.deepEqual(
          [status, body.error, body.next, body.url],
          [401, 'second_factor_required', 'enroll', '/two-factor/activate'],
          `${method} ${path}`,
        );
        const page = method === 'get' ? await thief.get(path) : await thief.submit(path);
        assert.equal(page.status, 401, `${method} ${path}`);
        assert.match(page.text, /Activate a second factor first/);
        assert.doesNotMatch(page.text, /user1@acme/);
      }
      assert.equal(await everything(), before);
    });
  }

  it('is activated on the way, and leads back to the page that was asked for', async () => {
    const { app } = await open();
    await set(world().store, 'north', { mode: 'optional', methods: ['totp'] });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@north');
    const page = await admin.get(`${USER1}?x=1`);
    assert.match(page.text, /whatever their own organization demands\. Activate one now/);
    const way = /href="([^"]*)"[^>]*data-sp="continue"/.exec(page.text)?.[1] ?? '';
    assert.equal(way, '/two-factor/activate');
    const form = await admin.get(way);
    assert.equal(form.headers.location, '/two-factor/activate/totp');
    await admin.activateHere(now());
    const done = await admin.keepCodes();
    assert.equal(done.headers.location, `${USER1}?x=1`);
    assert.equal((await admin.get(`${USER1}?x=1`)).status, 200);
    assert.equal((await admin.call(`${USER1}/unlock`)).status, 200);
  });

  it('is activated on the way from a form too, which is not replayed', async () => {
    const { app } = await open();
    await set(world().store, 'north', { mode: 'optional', methods: ['totp'] });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@north');
    const refused = await admin.submit(`${USER1}/unlock`);
    assert.equal(refused.status, 401);
    await admin.activateHere(now());
    const done = await admin.keepCodes();
    assert.equal(done.headers.location, USER1);
    assert.deepEqual(
      (await world().store.readEvents('acme', { before: null, limit: 9 })).map(({ type }) => type),
      [],
    );
  });

  it('is activated on the way from an organization’s form as well, and leads back to its page', async () => {
    const { app } = await open();
    await set(world().store, 'north', { mode: 'optional', methods: ['totp'] });
    for (const [user, form, page] of [
      ['admin@north', `${ACME}/two-factor`, `${ACME}/users`],
      ['admin@acme', `${ACME}/authentication`, `${ACME}/authentication`],
    ] as const) {
      const admin = await AdminBrowser.signedIn({ app }, user);
      assert.equal((await admin.submit(form)).status, 401, form);
      await admin.activateHere(now());
      assert.equal((await admin.keepCodes()).headers.location, page);
    }
  });

  it('once activated is proven at the next login, where the gate itself asks for nothing', async () => {
    const { app } = await open();
    const key = await (async () => {
      const first = await AdminBrowser.signedIn({ app }, 'admin@north');
      await first.get(USER1);
      return first.activateHere(now());
    })();
    world().clock.advance(30_000);
    const admin = await AdminBrowser.signedIn({ app }, 'admin@north');
    assert.equal((await admin.get('/')).status, 200);
    assert.equal((await admin.json('get', USER1)).body.next, 'challenge');
    assert.equal((await admin.get(USER1)).headers.location, '/two-factor/challenge');
    const done = await admin.answerChallenge(codeAt(key, now()));
    assert.equal(done.headers.location, USER1);
    assert.equal((await admin.get(USER1)).status, 200);
    assert.equal((await admin.call(`${USER1}/unlock`)).status, 200);
    world().clock.advance(5 * MINUTE + 1);
    assert.equal((await admin.get(USER1)).status, 200);
    const late = await admin.call(`${USER1}/unlock`);
    assert.deepEqual([late.status, late.body.why], [401, 'step-up']);
  });

  it('is not what a remembered device stands for, nor a postponed activation', async () => {
    const { app } = await open();
    const graceUntil = new Date(now() + 24 * 60 * MINUTE).toISOString();
    await set(world().store, 'north', {
      ...{ mode: 'required', methods: ['totp'], graceUntil, rememberDays: 7 },
    });
    const postponing = await AdminBrowser.signedIn({ app }, 'admin@north');
    await postponing.get(USER1);
    await postponing.post('/two-factor/postpone', { _csrf: await postponing.csrf() });
    assert.equal((await postponing.get('/')).status, 200);
    assert.equal((await postponing.json('get', USER1)).body.next, 'enroll');
    assert.match((await postponing.get(USER1)).text, /Activate a second factor first/);
    const form = await postponing.get('/two-factor/activate/totp');
    assert.doesNotMatch(form.text, /\/two-factor\/postpone/);

    const key = await postponing.activateHere(now());
    world().clock.advance(30_000);
    const first = await AdminBrowser.signedIn({ app }, 'admin@north');
    await first.get(USER1);
    const _csrf = await first.csrf();
    await first.post('/two-factor/challenge/totp', {
      code: codeAt(key, now()),
      remember: '1',
      _csrf,
    });
    assert.equal((await first.get(USER1)).status, 200);
    await first.post('/logout');
    await first.login('admin@north');
    await first.get('/');
    assert.equal((await first.get('/')).status, 200, 'the device is remembered');
    const { body } = await first.json('get', USER1);
    assert.deepEqual([body.error, body.why], ['second_factor_required', 'step-up']);
    assert.equal((await first.call(`${USER1}/unlock`)).status, 401);
  });

  it('is asked of those who administer, and of nobody else', async () => {
    const { app } = await open();
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    assert.equal((await user.get('/setup/')).status, 403);
    assert.equal((await user.json('get', USER1)).body.error, 'not_found');
    const elsewhere = await AdminBrowser.signedIn({ app }, 'admin@south');
    assert.equal((await elsewhere.json('get', USER1)).body.error, 'not_found');
    // Nothing was begun that would offer them an activation.
    assert.equal((await user.get('/two-factor/activate')).headers.location, '/');
  });

  it('is left to the policy where the host says so', async () => {
    const { app } = await open({ admin: { secondFactor: 'policy' } });
    await save(world().store, 'north', 'optional');
    const admin = await AdminBrowser.signedIn({ app }, 'admin@north');
    assert.equal((await admin.get(USER1)).status, 200);
    assert.equal((await admin.call(`${USER1}/unlock`)).status, 200);
    await admin.activate('admin@north', now());
    world().clock.advance(5 * MINUTE + 1);
    assert.equal((await admin.get(USER1)).status, 200);
    assert.equal((await admin.call(`${USER1}/unlock`)).status, 401);
  });
});
