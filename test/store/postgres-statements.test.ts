import assert from 'node:assert/strict';
import type pg from 'pg';
import { postgresStore } from 'sallyport/postgres';
import { type Host, host, testClock } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { TOTP_ONLY } from '../support/worlds.js';

describe('a login on Postgres', () => {
  const clock = testClock();
  let pool: pg.Pool;
  let one: Host;
  let statements: string[];

  before(async () => {
    pool = openPool(await sharedPostgres());
    const options = { prefix: uniqueTables(), initialize: true, now: clock.now };
    const store = postgresStore(pool, options);
    one = await host({ store, policy: () => TOTP_ONLY });
    const { query } = pool;
    Object.assign(pool, {
      query: (...args: Parameters<typeof query>) => {
        statements.push((args[0] as unknown as { text: string }).text);
        return Reflect.apply(query, pool, args);
      },
    });
    statements = [];
  });
  after(async () => {
    await one.door.close();
    await closePool(pool);
  });

  /** Without the heartbeat, which comes when it comes. */
  const ours = () => statements.filter((text) => !text.includes('extract(epoch FROM clock'));
  /** Those that an answer waits for, and not the events and notices that are written beside it. */
  const waitedFor = () => ours().filter((text) => !/events|^SELECT pg_notify/.test(text));

  it('takes 4 statements at most to verify a code, and none for what is gated', async () => {
    const person = new Browser(one.app);
    const key = await person.activate('user1@acme', clock.now());
    clock.advance(60_000);
    const again = new Browser(one.app);
    await again.login('user1@acme');
    const _csrf = await again.csrf();
    const answer = (code: string) => again.post('/two-factor/challenge/totp', { code, _csrf });
    statements.length = 0;
    assert.equal((await answer(wrongCode(key, clock.now()))).status, 422);
    assert.ok(waitedFor().length <= 4, `${waitedFor().length}:\n${waitedFor().join('\n')}`);
    statements.length = 0;
    assert.equal((await answer(codeAt(key, clock.now()))).status, 303);
    assert.ok(waitedFor().length <= 4, `${waitedFor().length}:\n${waitedFor().join('\n')}`);
    assert.ok(waitedFor().length >= 2, 'they are counted at all');
    statements.length = 0;
    for (let n = 0; n < 50; n += 1) assert.equal((await again.get('/reports')).status, 200);
    assert.deepEqual(waitedFor(), []);
  });
});
