import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import { UnavailableError } from 'sallyport';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { assertDenied, redisHost, signIn, statusOf } from '../support/faulty.js';
import { type SlowWay, startProxy } from '../support/proxy.js';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import { closeStores, openClient } from '../support/redis-store.js';

const USER = 'user1@acme';
/** The store's clock is the server's, and the server's is ours. */
const now = () => Date.now();
/** The code after the one that was used last: steps are accepted once, and one ahead of time. */
const nextCode = (key: string) => codeAt(key, now() + 30_000);

describe('while Redis', function () {
  this.timeout(40_000);
  let server: RedisServer;
  let proxy: SlowWay | null;

  beforeEach(async () => {
    proxy = null;
    server = await startRedis({ persist: true });
  });
  afterEach(async () => {
    await closeStores();
    await proxy?.stop();
    await server.stop();
  });

  /** One person inside, one who has given a password only, and the key of the first. */
  async function people(url = server.url, options: HostOptions = {}) {
    const made = await redisHost(url, options);
    const inside = new Browser(made.app);
    const key = await inside.activate(USER, now());
    assert.equal(await statusOf(inside), 200);
    const between = new Browser(made.app);
    await between.login(USER);
    return { ...made, inside, between, key };
  }
  type People = Awaited<ReturnType<typeof people>>;

  /** Nothing was lost: who was inside is so again, and who was between may go on. */
  async function assertWhole({ app, inside, between, key }: People) {
    await eventually(async () => (await statusOf(inside)) === 200, 10_000);
    assert.equal((await between.get('/reports')).headers.location, '/two-factor/challenge');
    await signIn(app, USER, nextCode(key));
  }

  it('is away nobody is let in, and all is well when it is back with its data', async () => {
    const all = await people();
    await server.kill();
    for (const browser of [all.inside, all.between]) await assertDenied(all.app, browser, 'away');
    assert.equal(all.events.at(-1)?.type, 'unavailable');
    assert.ok(all.errors.every((error) => error instanceof UnavailableError));
    await server.start();
    await assertWhole(all);
  });

  it('has come back empty, nobody is asked to activate and the operator is told what to do', async () => {
    // Sessions elsewhere, or nobody would come as far as to meet the empty store.
    const sessions = new MemoryStore();
    const { app, inside, between, errors } = await people(server.url, { sessions });
    await server.stop();
    server = await startRedis({ port: server.port });
    await eventually(async () => {
      await inside.get('/reports');
      return (errors.at(-1) as UnavailableError).code === 'ERR_STORE_NOT_INITIALIZED';
    }, 10_000);
    for (const browser of [inside, between]) await assertDenied(app, browser, 'empty');
    const anew = new Browser(app);
    assert.equal((await anew.login('user2@acme')).status, 503);
    const { code, message } = errors.at(-1) as UnavailableError;
    assert.equal(code, 'ERR_STORE_NOT_INITIALIZED');
    assert.match(message, /New installation: run `npx sallyport init`; .* restore your data/);
    const client = await openClient(server.url);
    assert.deepEqual(await client.keys('sp:*'), []);
  });

  it('is a replica that takes no writes, nobody is let in', async () => {
    const all = await people();
    const client = await openClient(server.url);
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await eventually(async () => (await statusOf(all.inside)) === 503);
    for (const browser of [all.inside, all.between])
      await assertDenied(all.app, browser, 'replica');
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await assertWhole(all);
  });

  it('is full nobody proves anything, people inside stay so, and may sign out', async () => {
    const all = await people();
    const { app, inside, between, key } = all;
    const _csrf = await between.csrf();
    const leaving = inside.copy();
    const csrfInside = await inside.csrf();
    const client = await openClient(server.url);
    await client.configSet('maxmemory', '1');
    const code = nextCode(key);
    const answer = await between.post('/two-factor/challenge/totp', { code, _csrf });
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.notEqual(await statusOf(between), 200);
    assert.equal(await statusOf(inside), 200);
    const out = await leaving.post('/two-factor/sign-out', { _csrf: csrfInside });
    assert.equal(out.status, 303, out.text);
    await client.configSet('maxmemory', '0');
    assert.equal((await inside.get('/reports')).headers.location, '/login');
    await signIn(app, USER, code);
  });

  it('hangs every request is answered in time, and all is well when it goes on', async () => {
    const all = await people();
    server.pause();
    try {
      for (const browser of [all.inside, all.between]) await assertDenied(all.app, browser, 'hung');
      // Once more, when what was known of it is no longer believed.
      await assertDenied(all.app, all.inside, 'still hung');
    } finally {
      server.resume();
    }
    await assertWhole(all);
  });

  it('is slow people still sign in; when it is slower than its deadline, nobody does', async () => {
    proxy = await startProxy(server.port);
    const all = await people(proxy.url);
    proxy.delay(60);
    const { app, key } = all;
    const slow = await signIn(app, USER, nextCode(key));
    proxy.delay(1500);
    await eventually(async () => (await statusOf(slow)) === 503);
    for (const browser of [slow, all.between]) await assertDenied(app, browser, 'too slow');
    proxy.delay(0);
    await eventually(async () => (await statusOf(slow)) === 200, 10_000);
    assert.equal((await all.between.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('resets its connections in the middle of commands, nobody is locked out or let in', async () => {
    proxy = await startProxy(server.port);
    const { app, key } = await people(proxy.url);
    for (let pieces = 1; pieces <= 6; pieces += 1) {
      const browser = new Browser(app);
      const user = `reset${pieces}@acme`;
      await eventually(async () => (await browser.login(user)).status === 302);
      const form = await eventually(() => browser.totpForm());
      const { key: secret, ...fields } = form;
      proxy.resetAfter(pieces);
      const code = codeAt(secret, now());
      const answer = await browser.post('/two-factor/activate/totp', { code, ...fields });
      assert.ok([303, 503, 409, 422].includes(answer.status), `${pieces}: ${answer.status}`);
      // Told that it is done, it is; told that it is not, they can simply go on.
      const again = new Browser(app);
      await eventually(async () => (await again.login(user)).status === 302);
      const next = await eventually(async () => {
        const { status, headers } = await again.get('/reports');
        return status === 303 && headers.location;
      });
      if (answer.status === 303) assert.equal(next, '/two-factor/challenge');
      if (next === '/two-factor/challenge') {
        await again.answerChallenge(nextCode(secret));
      } else {
        const fresh = await again.totpForm();
        const second = { enrollment: fresh.enrollment, _csrf: fresh._csrf };
        await again.post('/two-factor/activate/totp', {
          code: codeAt(fresh.key, now()),
          ...second,
        });
      }
      assert.equal(await statusOf(again), 200, `${pieces}`);
    }
    // Whoever was enrolled before still is.
    await signIn(app, USER, nextCode(key));
  });
});
