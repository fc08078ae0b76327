import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import type { Response } from 'supertest';
import type { Host, HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeysOnAllStores, TOTP_ONLY } from '../support/worlds.js';

const PROFILE = '/two-factor/profile';
const USER = 'user1@acme';
const SUBJECT = { id: USER, tenantId: 'acme' };
const OPTIONAL = { ...TOTP_ONLY, mode: 'optional' } as const;

/** A change that ends all sessions of a person but the one that makes it. */
interface Change {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Where its answer leads. */
  readonly leadsTo: string;
}

type Prepare = (browser: Browser, nextCode: (key: string) => string) => Promise<Change>;

const idOf = async (browser: Browser) =>
  (await browser.json('get', PROFILE)).body.enrollments[0].id as string;

const CHANGES: Readonly<Record<string, Prepare>> = {
  async 'a replacement'(browser, nextCode) {
    const path = `${PROFILE}/replace/${await idOf(browser)}`;
    await browser.json('post', `${path}/begin`, { _csrf: await browser.csrf() });
    const { key, enrollment, csrfToken: _csrf } = (await browser.json('get', path)).body;
    const fields = { code: nextCode(key), enrollment, _csrf };
    return { path, fields, leadsTo: `${PROFILE}?done=replaced` };
  },
  async 'a removal'(browser) {
    const path = `${PROFILE}/remove/${await idOf(browser)}`;
    return { path, fields: { _csrf: await browser.csrf() }, leadsTo: `${PROFILE}?done=removed` };
  },
  async 'signing the others out'(browser) {
    const fields = { _csrf: await browser.csrf() };
    return { path: `${PROFILE}/sign-out-others`, fields, leadsTo: `${PROFILE}?done=signed-out` };
  },
  'a changed password': async () => ({ path: '/password', fields: {}, leadsTo: '/changed' }),
};

journeysOnAllStores('while a change ends all sessions of a person but their own,', (world) => {
  let here: Host;
  let there: Host;
  /** What the other process has at hand. */
  let elsewhere: SecondFactorStore;
  /** Resolves when the change is made, and its own session still is under its old id. */
  let changed: Promise<void>;
  let goOn: () => void;

  /** A host whose process stands still between the change and the new id of its session, once. */
  async function held(): Promise<Host> {
    let reached: () => void = () => {};
    let holding = true;
    changed = new Promise((resolve) => {
      reached = resolve;
    });
    const go = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    return world().host((store) => ({
      ...hosted,
      store: {
        ...store,
        async end(session, keepMs, how) {
          const { epoch } = await store.refreshSubject(USER);
          if (holding && how?.renewed && epoch > 0) {
            holding = false;
            reached();
            await go;
          }
          return store.end(session, keepMs, how);
        },
      },
    }));
  }

  const hosted: HostOptions = {
    policy: () => OPTIONAL,
    routes(app, door) {
      // Express 4 does not hear of what a handler rejects with.
      app.post('/password', (req, res, next) => {
        door.subjects
          .passwordChanged(SUBJECT, { except: req })
          .then(() => res.redirect(303, '/changed'), next);
      });
    },
  };

  beforeEach(async () => {
    here = await held();
    there = await world().host((store) => {
      elsewhere = store;
      return hosted;
    });
  });

  function nextCode(key: string): string {
    world().clock.advance(30_000);
    return codeAt(key, world().clock.now());
  }

  /** Sends the change, and gives its answer as it stands still. */
  async function begun(prepare: Prepare) {
    const browser = new Browser(here.app);
    const key = await browser.activate(USER, world().clock.now());
    const change = await prepare(browser, nextCode);
    const tab = browser.copy();
    const answer = browser.post(change.path, change.fields).then((response) => response);
    await changed;
    return { browser, tab, change, answer, key };
  }

  const isInside = async (browser: Browser) =>
    (await browser.get('/reports')).text === 'inside GET /reports';

  for (const [what, prepare] of Object.entries(CHANGES)) {
    for (const where of ['here', 'there'] as const) {
      const at = () => (where === 'here' ? here : there);

      it(`${what} leaves its browser signed in, whatever else it asks for (${where})`, async () => {
        const { browser, tab, change, answer } = await begun(prepare);
        await eventually(async () => (await elsewhere.readSubject(USER)).epoch > 0);
        const other = tab.copy(at().app);
        const program = tab.copy(at().app);
        const asked: Response[] = [
          await other.get('/reports'),
          await program.json('get', '/api/me'),
          await tab.copy(at().app).get(PROFILE),
        ];
        goOn();
        const done = await answer;
        assert.equal(done.status, 303);
        assert.equal(done.headers.location, change.leadsTo);
        assert.ok(await isInside(browser));
        assert.deepEqual(
          asked.map(({ status, headers }) => [status, headers.location]),
          [
            [409, undefined],
            [409, undefined],
            [409, undefined],
          ],
        );
        assert.equal(asked[0]?.headers.refresh, '1; url=/reports');
        assert.equal(asked[1]?.body.error, 'session_renewed');
        other.cookies.set('connect.sid', browser.cookies.get('connect.sid') ?? '');
        assert.ok(await isInside(other));
      });
    }

    it(`${what} is made once by two clicks, and the second is told so`, async () => {
      const { browser, tab, change, answer } = await begun(prepare);
      const second = await tab.post(change.path, change.fields);
      goOn();
      assert.equal((await answer).headers.location, change.leadsTo);
      assert.equal(second.status, 409);
      assert.ok(await isInside(browser));
    });

    for (const [other, end] of [
      ['a logout', (tab: Browser) => tab.post('/logout')],
      ['what another browser changes', () => world().store.raiseEpoch(USER)],
      ['a reset', () => world().store.reset(USER)],
    ] as const) {
      it(`${what} does not outlive ${other}`, async () => {
        const { browser, tab, answer } = await begun(prepare);
        await end(tab.copy());
        const { headers } = await tab.get('/reports');
        assert.match(String(headers.location), /^(\/two-factor\/expired|\/login)$/);
        goOn();
        await answer;
        assert.ok(!(await isInside(browser)));
        assert.ok(!(await isInside(tab)));
      });
    }

    it(`${what} after which its process died asks once more, and then to sign in`, async () => {
      const { tab, answer } = await begun(prepare);
      assert.equal((await tab.tryAgain('/reports')).headers.location, '/two-factor/expired');
      world().clock.advance(61_000);
      const late = tab.copy(there.app);
      late.cookies.delete('sallyport.again');
      assert.equal((await late.get('/reports')).headers.location, '/two-factor/expired');
      assert.equal((await tab.get('/reports')).headers.location, '/login', 'ended for good');
      goOn();
      assert.equal((await answer).status, 409);
      assert.ok(!(await isInside(tab)));
    });
  }
});
