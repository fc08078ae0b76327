import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Response } from 'supertest';
import {
  AdminBrowser,
  type AdministrationOptions,
  administration,
  testAuthorize,
  testDirectory,
} from '../support/admin.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

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
    .map((method) => ({ method, path: `/setup${path}` })),
);

const at = (path: string, organization: string, user = `user1@${organization}`) =>
  path
    .replace('{organization}', encodeURIComponent(organization))
    .replace('{user}', encodeURIComponent(user))
    .replace('{method}', 'security-key');

/** Bodies that each change would accept, so that a refusal is not the body's. */
const BODIES: readonly [RegExp, object][] = [
  [/\/duo$/, { version: 0, enabled: 'no' }],
  [/\/duo\/remove$/, { version: 0 }],
  [
    /\/authentication/,
    {
      version: 0,
      setting: {
        mode: 'optional',
        methods: null,
        enrollment: null,
        graceUntil: null,
        maxAgeSeconds: null,
        clientsMust: null,
      },
    },
  ],
  [/\/two-factor/, { action: 'enable', users: ['user1@globex'] }],
  [/\/activate$/, { confirm: 'first-login' }],
  [/\/activate\/confirm$/, { code: '000000', enrollment: 'none' }],
];
const bodyOf = (path: string) => BODIES.find(([pattern]) => pattern.test(path))?.[1] ?? {};

const about = ({ status, text, headers }: Response) => ({
  status,
  text,
  type: headers['content-type'],
  csp: headers['content-security-policy'],
});

journeys('who may use the administrator’s pages', (world) => {
  const open = (options: AdministrationOptions = {}) => world().host(() => administration(options));

  async function send(browser: AdminBrowser, { method }: Route, url: string, token = true) {
    if (method === 'get') return browser.json('get', url);
    const call = browser.json('post', url, bodyOf(url));
    return token ? call.set('x-csrf-token', await browser.csrf()) : call;
  }

  /** What is stored about everybody these tests aim at. */
  async function state(): Promise<unknown[]> {
    const { store } = world();
    return Promise.all([
      store.readSetting('globex'),
      store.readSetting('acme'),
      store.readSubject('user1@globex'),
      store.readSubject('user1@acme'),
    ]);
  }

  it('nobody who is not signed in, and nobody between the doors', async () => {
    const { app } = await open();
    await world().store.writeUserSetting('admin@north', {
      value: { mode: 'required', graceUntil: null },
      changedBy: 'host',
      expectedVersion: null,
    });
    const between = await AdminBrowser.signedIn({ app }, 'admin@north');
    for (const route of ROUTES) {
      const url = at(route.path, 'acme');
      const stranger = await send(new AdminBrowser(app), route, url, false);
      assert.equal(stranger.status, 401, `${route.method} ${url}`);
      const pending = await send(between, route, url);
      assert.deepEqual(
        [pending.status, pending.body.error],
        [401, 'second_factor_required'],
        `${route.method} ${url}`,
      );
    }
    assert.equal((await between.get('/setup')).headers.location, '/two-factor/activate');
  });

  it('nobody between the doors either where the gate does not stand before it', async () => {
    const directory = testDirectory();
    const { app } = await world().host(() => {
      return {
        ...administration({ directory }),
        gate: { exempt: ['GET /setup/organizations/acme/users'] },
      };
    });
    await world().store.writeUserSetting('admin@north', {
      value: { mode: 'required', graceUntil: null },
      changedBy: 'host',
      expectedVersion: null,
    });
    const browser = await AdminBrowser.signedIn({ app }, 'admin@north');
    const page = await browser.get('/setup/organizations/acme/users');
    assert.equal(page.headers.location, '/two-factor/activate');
    assert.equal((await new Browser(app).get('/setup/organizations/acme/users')).status, 303);
    assert.deepEqual(directory.calls, []);
  });

  it('nobody without authorize, on any route, and the directory is not even asked', async () => {
    const directory = testDirectory();
    const { app } = await world().host(() => {
      const { options } = administration({ directory });
      return {
        options,
        routes: (host, door) => void host.use('/setup', door.admin({ directory })),
      };
    });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@north');
    for (const route of ROUTES) {
      for (const organization of ['acme', 'nowhere']) {
        const answer = await send(admin, route, at(route.path, organization));
        assert.deepEqual([answer.status, answer.body.error], [403, 'forbidden'], route.path);
      }
    }
    assert.deepEqual(directory.calls, []);
  });

  it('no user, and no administrator beyond their own organization: all as if nothing were there', async () => {
    const { app } = await open();
    const before = await state();
    for (const name of ['admin@acme', 'user1@acme', 'admin@south']) {
      const browser = await AdminBrowser.signedIn({ app }, name);
      for (const route of ROUTES.filter(({ path }) => path.includes('{organization}'))) {
        const url = at(route.path, 'globex');
        const theirs = await send(browser, route, url);
        assert.equal(theirs.status, 404, `${name} ${route.method} ${url}: ${theirs.text}`);
        const nowhere = await send(browser, route, at(route.path, 'nowhere'));
        assert.deepEqual(about(theirs), about(nowhere), `${name} ${route.method} ${url}`);
      }
    }
    assert.deepEqual(await state(), before);
  });

  it('no user of another organization by the path of one’s own', async () => {
    const { app } = await open();
    const before = await state();
    const browser = await AdminBrowser.proven({ app }, 'admin@acme');
    for (const route of ROUTES.filter(({ path }) => path.includes('{user}'))) {
      const theirs = await send(browser, route, at(route.path, 'acme', 'user1@globex'));
      const nobody = await send(browser, route, at(route.path, 'acme', 'nobody'));
      assert.equal(theirs.status, 404);
      assert.deepEqual(about(theirs), about(nobody), route.path);
    }
    const page = await browser.get('/setup/organizations/acme/users/user1%40globex');
    const nobody = await browser.get('/setup/organizations/acme/users/nobody');
    assert.deepEqual(about(page), about(nobody));
    assert.deepEqual(await state(), before);
  });

  it('no other object by query or body: only the path names one', async () => {
    const { app } = await open();
    const before = (await state())[0];
    const browser = await AdminBrowser.proven({ app }, 'admin@acme');
    const list = await browser.json(
      'get',
      '/setup/organizations/acme/users?organization=globex&organizationId=globex&tenantId=globex',
    );
    assert.ok(list.body.items.every(({ id }: { id: string }) => id.endsWith('@acme')));
    const token = await browser.csrf();
    for (const route of ROUTES.filter(({ method }) => method === 'post')) {
      for (const extra of [
        { organization: 'globex' },
        { organizationId: 'globex' },
        { user: 'user1@globex' },
        { subject: { id: 'user1@globex', tenantId: 'globex' } },
      ]) {
        const url = at(route.path, 'acme');
        const answer = await browser
          .json('post', url, { ...bodyOf(url), ...extra })
          .set('x-csrf-token', token);
        assert.equal(answer.status, 400, `${url} ${JSON.stringify(extra)}: ${answer.text}`);
      }
    }
    const bulk = await browser.call('/setup/organizations/acme/two-factor', {
      action: 'enable',
      users: ['user1@globex', 'nobody'],
    });
    assert.deepEqual(
      bulk.body.results.map(({ outcome, label }: { outcome: string; label: unknown }) => [
        outcome,
        label,
      ]),
      [
        ['not-found', null],
        ['not-found', null],
      ],
    );
    assert.deepEqual((await state())[0], before);
    assert.equal((await world().store.readSubject('user1@globex')).setting, null);
  });

  it('nobody without the token of a form', async () => {
    const { app } = await open();
    const before = await state();
    const browser = await AdminBrowser.proven({ app }, 'admin@north');
    for (const route of ROUTES.filter(({ method }) => method === 'post')) {
      const url = at(route.path, 'acme');
      const answer = await send(browser, route, url, false);
      assert.deepEqual([answer.status, answer.body.error], [403, 'csrf_token_invalid'], url);
      const form = await browser.post(url, { _csrf: 'x'.repeat(64) });
      assert.equal(form.status, 403, url);
    }
    assert.deepEqual(await state(), before);
  });

  it('only for what authorize allows of this very object: 403 where it may be read', async () => {
    const asked: string[] = [];
    const { app } = await open({
      admin: {
        authorize(req, action, target) {
          const name = target.kind === 'user' ? target.user.id : target.organization.id;
          asked.push(`${action} ${name}`);
          return action.endsWith(':read') || action.endsWith(':list')
            ? testAuthorize(req, action, target)
            : false;
        },
      },
    });
    const before = await state();
    const browser = await AdminBrowser.proven({ app }, 'admin@north');
    for (const route of ROUTES.filter(({ method }) => method === 'post')) {
      const url = at(route.path, 'acme');
      asked.length = 0;
      const answer = await send(browser, route, url);
      if (url.includes('/two-factor')) {
        assert.equal(answer.status, 200);
        continue;
      }
      // A look at a key changes nothing: it is for whoever may list users.
      if (url.includes('/look-up/')) {
        assert.equal(answer.status, 422);
        continue;
      }
      assert.deepEqual([answer.status, answer.body.error], [403, 'forbidden'], url);
      const object = url.includes('/users/') ? 'user1@acme' : 'acme';
      assert.ok(asked.length > 0 && asked.every((one) => one.endsWith(` ${object}`)), `${asked}`);
    }
    const bulk = await browser.call('/setup/organizations/acme/two-factor', {
      action: 'enable',
      users: ['user1@acme'],
    });
    assert.equal(bulk.body.results[0].outcome, 'forbidden');
    assert.deepEqual(await state(), before);
    // What may not be done is not offered.
    const page = await browser.get('/setup/organizations/acme/users/user1%40acme');
    assert.doesNotMatch(page.text, /Reset|Activate</);
    const settings = await browser.get('/setup/organizations/acme/authentication');
    assert.doesNotMatch(settings.text, /Continue|>Enable</);
  });

  it('only for a plain true, and answers 503 when authorize or the directory fails', async () => {
    const cases: [Partial<AdministrationOptions>, number][] = [
      [{ admin: { authorize: () => 'yes' as unknown as boolean } }, 404],
      [{ admin: { authorize: async () => true } }, 200],
      [
        {
          admin: {
            authorize() {
              throw new Error('database');
            },
          },
        },
        503,
      ],
      [{ admin: { authorize: () => Promise.reject(new Error('database')) } }, 503],
      [{ admin: { authorize: () => new Promise(() => {}), timeout: '20ms' } }, 503],
      [{ directory: { ...testDirectory(), users: async () => ({}) as never } }, 503],
      [
        { directory: { ...testDirectory(), users: () => Promise.reject(new Error('database')) } },
        503,
      ],
    ];
    for (const [options, status] of cases) {
      const { app } = await open({
        ...options,
        admin: { secondFactor: 'policy', ...options.admin },
      });
      const browser = await AdminBrowser.signedIn({ app }, 'admin@north');
      const page = await browser.get('/setup/organizations/acme/users');
      assert.equal(page.status, status, JSON.stringify(options));
      assert.doesNotMatch(page.text, /database/);
    }
  });

  it('under any path, with links that stay below it', async () => {
    const { app } = await open({ at: '/a/:tenant/setup' });
    const browser = await AdminBrowser.proven({ app }, 'admin@north', '/a/b/setup');
    const page = await browser.get('/a/b/setup');
    assert.match(page.text, /href="\/a\/b\/setup\/organizations\/north\/users"/);
    const hostile = await browser.json('get', '/a/%5C/setup');
    assert.equal(hostile.status, 200);
    assert.equal((await browser.json('get', '/a/b/setup/nothing')).status, 404);
    assert.equal((await browser.json('get', '/a/b/setup/organizations/%E0%A4%A')).status, 404);
    assert.equal((await browser.send('head', '/a/b/setup')).status, 405);
  });

  it('with the headers of all our pages, on refusals too', async () => {
    const { app } = await open();
    const browser = await AdminBrowser.proven({ app }, 'admin@north');
    for (const url of ['/setup', '/setup/organizations/nowhere']) {
      const { headers } = await browser.get(url);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['referrer-policy'], 'no-referrer');
    }
  });
});
