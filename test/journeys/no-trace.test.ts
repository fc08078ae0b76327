import assert from 'node:assert/strict';
import { RedisStore as ConnectRedis } from 'connect-redis';
import type { Express } from 'express';
import type { SecondFactorStore } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { type HostOptions, host, subjectOf } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { UNHURRIED } from '../support/unhurried.js';
import { TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;

describe('what is left in Redis', () => {
  let client: ReturnType<typeof redisClient>;
  let prefix: string;
  let store: SecondFactorStore;

  before(async () => {
    client = redisClient({ url: await sharedRedis() });
    await client.connect();
  });
  after(() => client.close());
  beforeEach(() => {
    prefix = uniquePrefix();
  });
  afterEach(() => store.close());

  async function start(options: HostOptions = {}): Promise<Express> {
    store = redisStore(client, { ...UNHURRIED, prefix, initialize: true, allowEviction: true });
    await store.ready();
    const sessions = new ConnectRedis({ client, prefix: `${prefix}sess:` });
    const policy = () => TOTP_ONLY;
    return (await host({ store, sessions, policy, cookie: { maxAge: 3_600_000 }, ...options })).app;
  }

  /** Without the prefix; ours, and those of the host's sessions. */
  async function keys(): Promise<{ ours: string[]; sessions: string[] }> {
    const found: string[] = [];
    for await (const batch of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
      found.push(...batch.map((key) => key.slice(prefix.length)));
    }
    return {
      ours: found.filter((key) => !key.startsWith('sess:') && key !== 'initialized').sort(),
      sessions: found.filter((key) => key.startsWith('sess:')),
    };
  }

  const ofHeader: HostOptions = {
    options: {
      subject: (req) => {
        const id = req.get('x-user');
        return id ? { id, tenantId: 'acme', label: id } : subjectOf(req);
      },
    },
  };

  const forty = (send: (browser: Browser) => Promise<unknown>, app: Express) =>
    Promise.all(Array.from({ length: 40 }, () => send(new Browser(app))));

  for (const [what, send, passports = false] of [
    ['logouts', (browser) => browser.post('/logout'), true],
    ['sign-outs', (browser) => browser.post('/two-factor/sign-out', { _csrf: 'x' })],
    ['wrong passwords', (browser) => browser.login(USER, 'wrong')],
    ['pages', (browser) => browser.get('/reports')],
    ['HEADs', (browser) => browser.send('head', '/reports')],
    ['programs’ requests', (browser) => browser.json('get', '/reports')],
    ['our pages', (browser) => browser.get('/two-factor/challenge/totp')],
    ['pages about an end', (browser) => browser.get('/two-factor/expired')],
    [
      'made-up cookies',
      (browser) => {
        browser.cookies.set('connect.sid', 's%3Amade-up.c2lnbmF0dXJl');
        return browser.post('/logout');
      },
      true,
    ],
  ] as const satisfies readonly (readonly [
    string,
    (browser: Browser) => PromiseLike<unknown>,
    true?,
  ])[]) {
    it(`of forty ${what} without a session is nothing`, async () => {
      const app = await start();
      await forty(async (browser) => send(browser), app);
      const { ours, sessions } = await keys();
      assert.deepEqual(ours, []);
      // Passport's logout saves the session that comes after it, also where there was none.
      if (!passports) assert.deepEqual(sessions, []);
    });
  }

  it('of a client without cookies, whom the host knows each time, is nothing', async () => {
    const app = await start(ofHeader);
    for (const path of ['/reports', '/two-factor', '/api/me']) {
      await forty(
        (browser) => browser.send('get', path).set('x-user', USER).accept('json').redirects(0),
        app,
      );
    }
    assert.deepEqual((await keys()).ours, []);
    await forty((browser) => browser.send('post', '/reports').set('x-user', USER), app);
    assert.deepEqual((await keys()).ours, []);
  });

  it('of such a client that asks for a program’s answer, is not even a session of the host’s', async () => {
    const app = await start(ofHeader);
    await forty((browser) => browser.json('get', '/reports').set('x-user', USER).redirects(0), app);
    assert.deepEqual(await keys(), { ours: [], sessions: [] });
  });

  it('of such a client that passes is nothing', async () => {
    const app = await start({ ...ofHeader, policy: () => ({ ...TOTP_ONLY, mode: 'optional' }) });
    await forty((browser) => browser.get('/reports').set('x-user', USER), app);
    assert.deepEqual(await keys(), { ours: [], sessions: [] });
  });

  it('of a login is the user, the session, and for a quarter of an hour the one between the doors', async () => {
    const app = await start();
    const browser = new Browser(app);
    await browser.activate(USER, Date.now());
    assert.equal((await browser.get('/reports')).status, 200);
    const { ours, sessions } = await keys();
    assert.equal(sessions.length, 1);
    const records = ours.filter((key) => key.startsWith('a:'));
    assert.equal(records.length, 2);
    const kept = await Promise.all(records.map((key) => client.pTTL(prefix + key)));
    kept.sort((one, other) => one - other);
    assert.ok(kept[0]! > 14 * MINUTE && kept[0]! <= 15 * MINUTE, `${kept[0]} ms`);
    assert.ok(kept[1]! > 11 * 60 * MINUTE && kept[1]! <= 12 * 60 * MINUTE, `${kept[1]} ms`);
  });

  it('of a password alone is one record, which ends soon after its time', async () => {
    const app = await start();
    const browser = new Browser(app);
    await browser.login(USER);
    assert.deepEqual((await keys()).ours, []);
    await browser.get('/reports');
    const [record, ...others] = (await keys()).ours;
    assert.deepEqual(others, []);
    const kept = await client.pTTL(`${prefix}${record}`);
    assert.ok(kept > 24 * MINUTE && kept <= 25 * MINUTE, `${kept} ms`);
  });

  it('does not let a session begin its time between the doors anew once the store has forgotten it', async () => {
    const app = await start({ options: { pendingMaxAge: '1s', endedFor: '1s' } });
    const browser = new Browser(app);
    await browser.login(USER);
    await browser.get('/reports');
    const [record] = (await keys()).ours;
    const slow = browser.copy();
    for (let left = 1; left > 0; ) left = await client.exists(`${prefix}${record}`);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
    assert.equal((await slow.get('/reports')).headers.location, '/login');
  });

  it('is marked for as long as the host says that its longest request takes', async () => {
    const app = await start({ options: { endedFor: '2h' } });
    const browser = new Browser(app);
    await browser.activate(USER, Date.now());
    const browserOut = browser.copy();
    await browserOut.post('/logout');
    const records = (await keys()).ours.filter((key) => key.startsWith('a:'));
    for (const key of records) {
      const kept = await client.pTTL(prefix + key);
      assert.ok(kept > 119 * MINUTE && kept <= 120 * MINUTE, `${kept} ms`);
    }
    assert.equal((await browser.get('/reports')).headers.location, '/login');
  });
});
