import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { closeLater, closeStores, openClient } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';
import { TOTP_ONLY } from '../support/worlds.js';

interface Watched {
  readonly store: SecondFactorStore;
  /** What was sent to the server since the last time, but for the trail of events and what nobody waits for. */
  sent(): Promise<readonly string[]>;
}

/** Commands as the server receives them, without those of its scripts. */
async function redis(now: () => number): Promise<Watched> {
  const url = await sharedRedis();
  const prefix = uniquePrefix();
  const client = redisClient({ url });
  const store = closeLater(
    redisStore(client, { ...UNHURRIED, prefix, now, initialize: true, allowEviction: true }),
  );
  await store.ready();
  const [monitor, marker] = [await openClient(url), await openClient(url)];
  let seen: string[] = [];
  let marks = 0;
  let reached = () => {};
  await monitor.monitor((entry) => {
    const text = String(entry);
    if (text.includes(`"${prefix}mark-${marks}"`)) reached();
    else if (text.includes(`"${prefix}`) && /\[\d+ (?!lua)[^\]]*\] /.test(text)) seen.push(text);
  });
  return {
    store,
    async sent() {
      marks += 1;
      const arrived = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await Promise.all([marker.echo(`${prefix}mark-${marks}`), arrived]);
      const all = seen.filter((text) => !/:(trails|history)"/.test(text));
      seen = [];
      return all;
    },
  };
}

/** Statements as the pool gets them. */
async function postgres(now: () => number): Promise<Watched> {
  const prefix = uniqueTables();
  const pool = openPool(await sharedPostgres());
  closeLater({ close: () => closePool(pool) });
  let seen: string[] = [];
  const watched = Object.create(pool, {
    query: {
      value(query: { readonly text: string }) {
        seen.push(query.text);
        return pool.query(query);
      },
    },
  });
  const store = closeLater(postgresStore(watched, { ...UNHURRIED, prefix, now, initialize: true }));
  await store.ready();
  return {
    store,
    async sent() {
      const all = seen.filter(
        (text) => text.includes(`${prefix}records`) && !text.includes(`${prefix}events`),
      );
      seen = [];
      return all;
    },
  };
}

for (const [name, connect] of [
  ['Redis', redis],
  ['Postgres', postgres],
] as const) {
  describe(`the commands of a login (${name})`, () => {
    afterEach(closeStores);

    it('are one for a code, wrong or right, and two for the session that goes on from there', async () => {
      const clock = testClock();
      const { store, sent } = await connect(clock.now);
      const { app } = await host({ store, policy: () => TOTP_ONLY });
      const key = await new Browser(app).activate('user1@acme', clock.now());
      for (let login = 0; login < 3; login += 1) {
        clock.advance(30_000);
        const browser = new Browser(app);
        await browser.login('user1@acme');
        const answered = async (code: string) => {
          const _csrf = await browser.csrf();
          await sent();
          const { status } = await browser.post('/two-factor/challenge/totp', { code, _csrf });
          return { status, sent: await sent() };
        };
        const wrong = await answered(wrongCode(key, clock.now()));
        assert.deepEqual([wrong.status, wrong.sent.length], [422, 1], wrong.sent.join('\n'));
        const right = await answered(codeAt(key, clock.now()));
        assert.deepEqual([right.status, right.sent.length], [303, 3], right.sent.join('\n'));
        assert.equal((await browser.get('/reports')).status, 200);
      }
    });
  });
}
