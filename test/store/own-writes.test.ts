import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { eventually, sharedRedis, uniquePrefix } from '../support/redis.js';
import { closeLater, closeStores, openStore } from '../support/redis-store.js';

type Open = () => SecondFactorStore;

/** Opens stores that share their data, as processes do. */
async function redis(): Promise<Open> {
  const url = await sharedRedis();
  const options = { prefix: uniquePrefix(), initialize: true, allowEviction: true };
  return () => openStore(url, options);
}

async function postgres(): Promise<Open> {
  const url = await sharedPostgres();
  const options = { prefix: uniqueTables(), initialize: true };
  return () => {
    const pool = openPool(url);
    const store = postgresStore(pool, options);
    closeLater({
      async close() {
        await store.close();
        await closePool(pool);
      },
    });
    return store;
  };
}

for (const [name, connect] of [
  ['Redis', redis],
  ['Postgres', postgres],
] as const) {
  describe(`what a process has just written (${name})`, () => {
    let one: SecondFactorStore;
    let other: SecondFactorStore;

    beforeEach(async () => {
      const open = await connect();
      one = open();
      await one.ready();
      other = open();
      await other.ready();
    });
    afterEach(closeStores);

    it('is at hand, and every change of it by others is heard of', async () => {
      for (let epoch = 1; epoch <= 240; epoch += 3) {
        await one.reset('user1');
        const found = one.readSubject('user1');
        assert.ok(!(found instanceof Promise), 'what was just written is read again');
        assert.equal(found.epoch, epoch);
        // The answer to the one may arrive in one piece with word of the other.
        const racing = [other.reset('user1'), one.reset('user1')];
        for (let turn = 0; turn < epoch % 5; turn += 1) await Promise.resolve();
        await Promise.all(racing);
        for (const store of [one, other]) {
          await eventually(
            async () => (await store.readSubject('user1')).epoch === epoch + 2,
            1000,
          );
        }
      }
    });

    it('is what a reader would find, and no more than that', async () => {
      const proof = {
        ...{ subjectId: 'user1', epoch: 0, login: 'login', lifetimeMs: 60_000 },
        factors: [{ method: 'totp', enrollmentId: 'one', at: 7 }],
      };
      await one.prove('digest', proof);
      const here = one.readAssurance('digest');
      assert.ok(!(here instanceof Promise));
      assert.deepEqual(here, await other.readAssurance('digest'));
      assert.ok(Object.isFrozen(here) && Object.isFrozen(here?.factors));
    });

    it('is told to those who listen here', async () => {
      await one.readSubject('user1');
      let told = 0;
      one.subscribe(() => {
        told += 1;
      });
      await one.reset('user1');
      await eventually(() => told > 0, 100);
    });
  });
}
