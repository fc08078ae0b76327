import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import { createClient } from 'redis';
import { type SecondFactorStore, UnavailableError } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { redisRecordStore } from '../../src/store/redis/store.js';
import { host } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { sallyport, startSallyport } from '../support/cli.js';
import { dumpFile, enrolledSubject, put, removeDumps } from '../support/dumps.js';
import { openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { eventually, sharedRedis, uniquePrefix } from '../support/redis.js';
import { closeLater, closeStores } from '../support/redis-store.js';

const PEOPLE = 10_000;

/** What docs/operations.md says of moving: the app runs on the old store until it is started on the new one. */
describe('a move from Redis to Postgres under a running app', function () {
  this.timeout(120_000);
  afterEach(async () => {
    await closeStores();
    removeDumps();
  });

  it('keeps 10 000 subjects, sessions, counts and used codes; between the two nobody gets in', async () => {
    const [redisUrl, postgresUrl] = [await sharedRedis(), await sharedPostgres()];
    const [prefix, tables, file] = [uniquePrefix(), uniqueTables(), dumpFile()];
    const [from, to] = [
      ['--redis', redisUrl, '--prefix', prefix],
      ['--postgres', postgresUrl, '--prefix', tables],
    ];
    const onRedis = { prefix, initialize: false, allowEviction: true };
    const oldStore = closeLater(redisStore(createClient({ url: redisUrl }), onRedis));
    await sallyport(['init', ...from]);
    const records = closeLater(redisRecordStore(createClient({ url: redisUrl }), onRedis));
    for (let n = 0; n < PEOPLE; n += 500) {
      const some = Array.from({ length: 500 }, (_, m) => `person-${n + m}`);
      const sealed = (id: string) => Buffer.from(`sealed secret of ${id}`);
      await Promise.all(
        some.map((id) => put(records, 'subject', id, enrolledSubject(sealed(id), { epoch: 2 }))),
      );
    }

    // The host's own sessions are where they are, before and after.
    const sessions = new MemoryStore();
    const app = (store: SecondFactorStore) =>
      host({
        ...{ store, sessions },
        policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
      });
    const before = await app(oldStore);
    const inside = new Browser(before.app);
    const now = oldStore.now();
    const key = await inside.activate('user1@acme', now);
    assert.equal((await inside.get('/reports')).status, 200);
    const between = new Browser(before.app);
    await between.login('user1@acme');
    assert.equal((await between.answerChallenge(wrongCode(key, now))).status, 422);

    // The app works on until the last moment.
    const acknowledged: string[] = [];
    const working = (async () => {
      for (let n = 0; ; n += 1) {
        await oldStore.reset(`person-${n}`);
        acknowledged.push(`person-${n}`);
      }
    })().catch((error: unknown) => error);
    await eventually(() => acknowledged.length > 20);
    const exported = await startSallyport(['export', file, '--final', ...from]).ended;
    assert.equal(exported.code, 0, exported.err);

    // The pause: whoever still works on the old store is answered 503, signed in or not.
    assert.ok((await working) instanceof UnavailableError);
    assert.equal((await inside.get('/reports')).status, 503);
    const anybody = new Browser(before.app);
    await anybody.login('person-1@acme');
    assert.equal((await anybody.get('/reports')).status, 503);

    assert.equal((await sallyport(['init', ...to])).code, 0);
    // One that is ended half-way, and one that goes on with it.
    const cut = startSallyport(['import', file, ...to]);
    const pool = openPool(postgresUrl);
    await eventually(async () => {
      const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${tables}records`);
      return rows[0].n > 1000;
    }, 30_000);
    cut.kill();
    await cut.ended;
    const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${tables}records`);
    assert.ok(rows[0].n < PEOPLE, 'it was ended half-way');
    const imported = await sallyport(['import', file, '--resume', ...to]);
    assert.equal(imported.code, 0, imported.err);

    const newStore = closeLater(postgresStore(pool, { prefix: tables, initialize: false }));
    const after = await app(newStore);
    for (let n = 0; n < PEOPLE; n += 1) {
      const person = await newStore.readSubject(`person-${n}`);
      const wasReset = acknowledged.includes(`person-${n}`);
      assert.equal(person.enrollments.length === 0, person.epoch === 3, `${n}`);
      assert.ok(!wasReset || person.epoch === 3, `person-${n} was reset before the move`);
    }
    assert.equal((await inside.copy(after.app).get('/reports')).status, 200, 'is still signed in');
    const { failures, recoveryCodesLeft } = await newStore.readSubject('user1@acme');
    assert.deepEqual({ failures, recoveryCodesLeft }, { failures: 1, recoveryCodesLeft: 10 });
    const goesOn = between.copy(after.app);
    const used = await goesOn.answerChallenge(codeAt(key, now));
    assert.equal(used.status, 422, 'a code that was used before the move');
    const again = await goesOn.answerChallenge(codeAt(key, newStore.now() + 30_000));
    assert.equal(again.status, 303, again.text);
    assert.equal((await goesOn.get('/reports')).status, 200);
    const events = await newStore.readEvents('acme', { before: null, limit: 50 });
    assert.ok(events.some(({ type }) => type === 'enrollment.confirmed'));
    await Promise.all([before.door.close(), after.door.close()]);
  });
});
