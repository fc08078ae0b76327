import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import type pg from 'pg';
import { postgresStore } from 'sallyport/postgres';
import { type Host, host, testClock } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { statusOf } from '../support/faulty.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { UNHURRIED } from '../support/unhurried.js';
import { TOTP_ONLY } from '../support/worlds.js';

const PROFILE = '/two-factor/profile';

/** Nobody listens, so a process hears of what another has done a second later. */
describe('a process that has not heard yet', () => {
  const clock = testClock();
  let pool: pg.Pool;
  let here: Host;
  let there: Host;

  before(async () => {
    pool = openPool(await sharedPostgres());
    const sessions = new MemoryStore();
    const options = {
      ...UNHURRIED,
      prefix: uniqueTables(),
      initialize: true,
      listen: false,
      now: clock.now,
    } as const;
    const open = () =>
      host({ store: postgresStore(pool, options), sessions, policy: () => TOTP_ONLY });
    here = await open();
    there = await open();
  });
  after(async () => {
    await Promise.all([here, there].map(({ door }) => door.close()));
    await closePool(pool);
  });

  async function activated(name: string): Promise<Browser> {
    const browser = new Browser(here.app);
    await browser.login(name);
    // So the other process knows: nobody is enrolled.
    assert.equal(await statusOf(browser.copy(there.app)), 303);
    await browser.activateHere(clock.now());
    return browser;
  }

  it('lets in whoever has just activated a factor on another', async () => {
    const browser = await activated('one@acme');
    assert.equal(await statusOf(browser.copy(there.app)), 200);
    assert.equal(await statusOf(browser), 200);
  });

  it('leaves inside whose session goes on while their others were ended', async () => {
    const browser = await activated('two@acme');
    const elsewhere = browser.copy(there.app);
    assert.equal(await statusOf(elsewhere), 200);
    const answer = await browser.post(`${PROFILE}/sign-out-others`, {
      _csrf: await browser.csrf(),
    });
    assert.equal(answer.headers.location, `${PROFILE}?done=signed-out`);
    assert.equal(await statusOf(browser.copy(there.app)), 200);
    assert.equal(await statusOf(browser), 200);
    assert.notEqual(await statusOf(elsewhere), 200);
  });
});
