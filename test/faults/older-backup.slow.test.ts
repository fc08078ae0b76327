import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import type { SecondFactorStore } from 'sallyport';
import { type Host, host } from '../support/app.js';
import { type BackUp, postgresDump, postgresRows, redisBackup } from '../support/backups.js';
import { Browser, codeAt } from '../support/browser.js';
import { signIn } from '../support/faulty.js';
import { hostData } from '../support/host-data.js';
import type { KeptServer } from '../support/kept-server.js';
import { startPostgres } from '../support/postgres.js';
import { eventually, startRedis } from '../support/redis.js';
import { closeLater, closeStores } from '../support/redis-store.js';
import { TOTP_ONLY } from '../support/worlds.js';

/** What a store promises of changes that it is not told of. */
const BOUND_MS = 5000;
const CHALLENGE = '/two-factor/challenge';
const ACTIVATE = '/two-factor/activate';

const KINDS: readonly (readonly [string, () => Promise<KeptServer>, BackUp, object])[] = [
  ['Redis', startRedis, redisBackup, {}],
  ['Postgres, by pg_dump and psql', startPostgres, postgresDump, {}],
  ['Postgres, its rows alone', startPostgres, postgresRows, {}],
  ['Postgres without LISTEN, its rows alone', startPostgres, postgresRows, { listen: false }],
];

interface Process extends Host {
  readonly store: SecondFactorStore;
}

/** Everything goes back, epochs too, while sessions in another store do not. */
for (const [kind, start, backUp, options] of KINDS) {
  describe(`a whole older backup that is brought back under a running app (${kind})`, function () {
    this.timeout(60_000);
    let server: KeptServer;
    let sessions: MemoryStore;
    let here: Process;
    let there: Process;
    let time: number;

    beforeEach(async () => {
      server = await start();
      sessions = new MemoryStore();
      time = Date.UTC(2026, 0, 1, 0, 0, 15);
      here = await opened();
      there = await opened();
    });
    afterEach(async () => {
      await closeStores();
      await server.stop();
    });

    async function opened(): Promise<Process> {
      const { store } = closeLater(await hostData(server.url, { now: () => time, ...options }));
      return { ...(await host({ store, sessions, policy: () => TOTP_ONLY })), store };
    }

    /** A later time: codes of earlier ones have been used. */
    function later(): number {
      time += 60_000;
      return time;
    }

    const whereTo = async (browser: Browser, { app }: Process): Promise<string> => {
      const { status, headers } = await browser.copy(app).get('/reports');
      return status === 200 ? 'inside' : (headers.location ?? String(status));
    };
    /** By both processes that were there, and by one that has seen nothing of it. */
    async function assertComesTo(browser: Browser, place: string): Promise<void> {
      const anew = await opened();
      assert.equal(await whereTo(browser, anew), place);
      for (const one of [here, there]) {
        await eventually(async () => (await whereTo(browser, one)) === place, BOUND_MS);
      }
    }
    async function enter(name: string, key: string): Promise<Browser> {
      const browser = await signIn(here.app, name, codeAt(key, later()));
      assert.equal(await whereTo(browser, there), 'inside');
      return browser;
    }
    async function activated(name: string): Promise<{ browser: Browser; key: string }> {
      const browser = new Browser(here.app);
      const key = await browser.activate(name, later());
      for (const one of [here, there]) assert.equal(await whereTo(browser, one), 'inside');
      return { browser, key };
    }

    it('takes no session of a later epoch, and no proof that it does not hold', async () => {
      const calm = await activated('calm@acme');
      const again = await activated('again@acme');
      const gone = await activated('reset@acme');
      const restore = await backUp(server);

      const signedIn = await enter('again@acme', again.key);
      await here.door.subjects.reset({ id: 'reset@acme', tenantId: 'acme' });
      const since = await activated('reset@acme');
      const created = await activated('new@acme');
      assert.equal((await here.store.readSubject('reset@acme')).epoch, 1);

      await restore();
      // Of an epoch that is no more: ended, however warm the process was.
      for (const one of [here, there]) {
        await eventually(async () => (await whereTo(since.browser, one)) === '/login', BOUND_MS);
      }
      // What the backup says of people is what there is now.
      await assertComesTo(signedIn, CHALLENGE);
      await assertComesTo(created.browser, ACTIVATE);
      await assertComesTo(calm.browser, 'inside');
      const wrong = new Browser(there.app);
      await wrong.login('reset@acme');
      assert.equal((await wrong.answerChallenge(codeAt(since.key, later()))).status, 422);
      await enter('reset@acme', gone.key);
    });

    it('keeps what is written next, and is written to by processes that knew more', async () => {
      const { key } = await activated('user@acme');
      const restore = await backUp(server);
      await here.door.subjects.reset({ id: 'user@acme', tenantId: 'acme' });
      const since = await activated('user@acme');
      await restore();
      // The process begins with what it has at hand, finds another record, and decides on that.
      await there.door.subjects.reset({ id: 'user@acme', tenantId: 'acme' });
      assert.equal((await there.store.readSubject('user@acme')).enrollments.length, 0);
      await eventually(async () => {
        const { epoch, enrollments } = await here.store.readSubject('user@acme');
        return epoch === 1 && enrollments.length === 0;
      }, BOUND_MS);
      for (const one of [here, there]) {
        assert.notEqual(await whereTo(since.browser, one), 'inside');
      }
      const old = new Browser(here.app);
      await old.login('user@acme');
      assert.equal((await old.get('/reports')).headers.location, ACTIVATE);
      assert.ok(key);
    });
  });
}
