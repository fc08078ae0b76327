import assert from 'node:assert/strict';
import { type DuoFaultSetting, type DuoSimulator, duoSimulatorAgent } from 'sallyport/testing';
import type { WhenUnavailable } from '../../src/methods/duo/fallback.js';
import { type Browser, codeAt, wrongCode } from '../support/browser.js';
import {
  activateDuo,
  addTotp,
  approved,
  type DuoHostOptions,
  deadlineFor,
  duoHost,
  GLOBEX,
  isInside,
  startSimulator,
} from '../support/duo.js';
import { journeys } from '../support/worlds.js';

const URL = '/two-factor/challenge/duo';
const HOUR = 3_600_000;
const USER = 'user1@globex';

journeys('while Duo cannot be reached', (world) => {
  let duo: DuoSimulator;
  const now = () => world().clock.now();

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    // The SDK goes by the machine's clock.
    world().clock.advance(Date.now() - now());
  });
  after(() => duo.close());

  /** Somebody with Duo, perhaps with an app too, signed in with the password; Duo fails from now on. */
  async function outage(
    whenUnavailable: WhenUnavailable,
    {
      totp = false,
      setting = { endpoint: 'healthCheck', fault: '503' } as DuoFaultSetting,
      methods = ['duo'],
      routes,
    }: {
      totp?: boolean;
      setting?: DuoFaultSetting;
      methods?: string[];
      routes?: DuoHostOptions['routes'];
    } = {},
  ) {
    const host = await duoHost(duo, {
      world: world(),
      whenUnavailable,
      timeout: deadlineFor(setting.fault),
      setting: { methods: ['duo', 'totp'] },
      ...(routes && { routes }),
    });
    const inside = await activateDuo(host, duo, USER);
    const key = totp ? await addTotp(inside, now()) : null;
    await host.save('globex', GLOBEX, { methods });
    host.events.length = 0;
    duo.set(setting);
    const browser = host.browser();
    await browser.login(USER);
    return { host, browser, key };
  }

  const fallbacksOf = ({ events }: Awaited<ReturnType<typeof outage>>['host']) =>
    events.filter(({ type }) => type === 'fallback.used').map(({ detail }) => detail);
  /** The last of a hundred wrong codes is still to come. */
  const nearlyStopped = async () => {
    const limits = { free: 100, waits: [], stop: 100 };
    for (let attempt = 1; attempt < 100; attempt += 1) {
      await world().store.reserveAttempt(USER, limits, { method: 'totp', stoppable: true });
    }
  };
  const post = async (browser: Browser, fields: Record<string, string> = {}) =>
    browser.post(URL, { ...fields, _csrf: await browser.csrf() });

  describe('a tenant that is closed then', () => {
    it('lets nobody in, and still offers what else is accepted', async () => {
      const { host, browser, key } = await outage('deny', { totp: true, methods: ['duo', 'totp'] });
      const page = await browser.get(URL);
      assert.equal(page.status, 503);
      assert.match(page.text, /href="\/two-factor\/challenge\/totp"/);
      assert.equal((await post(browser)).status, 503);
      world().clock.advance(30_000);
      assert.equal((await post(browser, { code: codeAt(String(key), now()) })).status, 503);
      assert.equal(await isInside(browser), false);
      assert.deepEqual(fallbacksOf(host), []);
    });
  });

  describe('a tenant that lets people in then', () => {
    it('does so by a button, for an hour, and says so in its trail', async () => {
      const { host, browser } = await outage('let-in');
      const page = await browser.get(URL);
      assert.equal(page.status, 200);
      assert.match(page.text, /lets you in without it/);
      assert.equal(await isInside(browser), false, 'looking at the page is not enough');
      const old = browser.copy();

      assert.equal((await post(browser)).status, 303);
      assert.ok(await isInside(browser));
      assert.equal(await isInside(old), false);
      assert.deepEqual(fallbacksOf(host), ['let-in: Duo server']);
      const { assurance } = (await browser.json('get', '/api/me')).body;
      assert.deepEqual(
        assurance.map((one: Record<string, string>) => [one.method, one.enrollmentId]),
        [['duo', 'fallback']],
      );
      world().clock.advance(HOUR - 1);
      assert.ok(await isInside(browser));
      world().clock.advance(1);
      assert.equal(await isInside(browser), false);
    });

    it('wants the token of our form for it', async () => {
      const { browser } = await outage('let-in');
      assert.equal((await browser.post(URL)).status, 403);
      assert.equal(await isInside(browser), false);
    });

    it('asks Duo once more: nobody gets around a Duo that answers', async () => {
      const { host, browser } = await outage('let-in');
      await browser.get(URL);
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      const answer = await post(browser);
      assert.deepEqual([answer.status, answer.headers.location], [303, URL]);
      assert.equal(await isInside(browser), false);
      assert.deepEqual(fallbacksOf(host), []);
    });

    it('does not take it for a proof: no step-up, no change of factors', async () => {
      const { browser } = await outage('let-in', {
        routes: (app, door) =>
          app.get('/pay', door.require({ maxAge: '5m' }), (_req, res) => void res.send('paid')),
      });
      await post(browser);
      assert.ok(await isInside(browser));
      assert.equal((await browser.get('/pay')).status, 303);
      assert.equal((await browser.get(URL)).status, 503, 'and there is no fallback for that');
      assert.equal((await post(browser)).status, 503);
      assert.notEqual((await browser.get('/pay')).text, 'paid');
      const profile = await browser.get('/two-factor/profile/sign-out-others');
      assert.equal(profile.status, 303);
      assert.match(String(profile.headers.location), /challenge/);
    });

    it('does not let in who has not activated Duo', async () => {
      const { host } = await outage('let-in');
      const stranger = host.browser();
      await stranger.login('user2@globex');
      assert.equal((await stranger.get('/two-factor/activate/duo')).status, 503);
      await post(stranger);
      assert.equal(await isInside(stranger), false);
      assert.deepEqual(fallbacksOf(host), []);
    });

    it('lifts no stop of the app by it, since nothing was proven', async () => {
      const { host, browser, key } = await outage('let-in', {
        totp: true,
        methods: ['duo', 'totp'],
      });
      await nearlyStopped();
      const code = async (digits: string) => {
        const other = host.browser();
        await other.login(USER);
        const answer = { code: digits, _csrf: await other.csrf() };
        return (await other.post('/two-factor/challenge/totp', answer)).status;
      };
      assert.equal(await code(wrongCode(String(key), now())), 422);
      assert.equal((await post(browser)).status, 303);
      assert.ok(await isInside(browser));
      world().clock.advance(30_000);
      assert.equal(await code(codeAt(String(key), now())), 429);
    });

    it('ends with a reset, like any other session', async () => {
      const { host, browser } = await outage('let-in');
      await post(browser);
      assert.ok(await isInside(browser));
      await host.store.raiseEpoch(USER);
      assert.equal(await isInside(browser), false);
    });

    const NOT_AN_OUTAGE: DuoFaultSetting[] = [
      { endpoint: 'healthCheck', fault: 'empty' },
      { endpoint: 'healthCheck', fault: 'null' },
      { endpoint: 'healthCheck', fault: 'redirect-307' },
      { endpoint: 'healthCheck', fault: 'oversized' },
    ];
    for (const setting of NOT_AN_OUTAGE) {
      it(`lets nobody in for an answer that makes no sense: ${setting.fault}`, async () => {
        const { host, browser } = await outage('let-in', { setting });
        assert.equal((await browser.get(URL)).status, 503);
        assert.equal((await post(browser)).status, 503);
        assert.equal(await isInside(browser), false);
        assert.deepEqual(fallbacksOf(host), []);
      });
    }
    for (const fault of ['500', '502-html', 'hang', 'slow-drip', 'reset'] as const) {
      it(`does so for ${fault}`, async () => {
        const { host, browser } = await outage('let-in', {
          setting: { endpoint: 'healthCheck', fault },
        });
        assert.equal((await browser.get(URL)).status, 200);
        assert.equal((await post(browser)).status, 303);
        assert.ok(await isInside(browser));
        assert.equal(fallbacksOf(host).length, 1);
      });
    }

    it('lets nobody in for wrong keys', async () => {
      const { host, browser } = await outage('let-in');
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      await host.save('globex', { ...GLOBEX, clientSecret: 'x'.repeat(40) });
      assert.equal((await browser.get(URL)).status, 503);
      assert.equal((await post(browser)).status, 503);
      assert.equal(await isInside(browser), false);
    });

    it('lets nobody in for a certificate that is not Duo’s', async () => {
      const other = await startSimulator();
      try {
        // The agent of another simulator: another authority, the same name.
        await outage('let-in');
        duo.set({ endpoint: 'healthCheck', fault: 'none' });
        const agent = duoSimulatorAgent({ apiHost: duo.apiHost, port: duo.port, ca: other.ca });
        const distrusting = await duoHost(
          { ...duo, agent, apiHost: duo.apiHost, promptOrigin: duo.promptOrigin } as DuoSimulator,
          { world: world(), whenUnavailable: 'let-in' },
        );
        const person = distrusting.browser();
        await person.login(USER);
        assert.equal((await person.get(URL)).status, 503);
        assert.match(String(distrusting.events.at(-1)?.detail), /^ERR_DUO tls$/);
        assert.equal((await post(person)).status, 503);
        assert.equal(await isInside(person), false);
      } finally {
        await other.close();
      }
    });

    it('lets nobody in when the exchange fails: Duo had asked already', async () => {
      const { host } = await outage('let-in');
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      const { browser, callback } = await approved(host, duo, USER);
      duo.set({ endpoint: 'token', fault: '503' });
      const back = await browser.get(callback);
      assert.equal(back.status, 503);
      assert.doesNotMatch(back.text, /<button[^>]*>Continue/);
      assert.equal(await isInside(browser), false);
      assert.deepEqual(fallbacksOf(host), []);
    });
  });

  describe('a tenant that falls back to the app then', () => {
    for (const methods of [['duo'], ['duo', 'totp']]) {
      it(`takes a code of it where the policy accepts ${methods.join(' and ')}`, async () => {
        const { host, browser, key } = await outage('fall-back-to-totp', { totp: true, methods });
        const page = await browser.get(URL);
        assert.equal(page.status, 200);
        assert.match(page.text, /autocomplete="one-time-code"/);
        assert.equal((await post(browser)).status, 422);
        assert.equal((await post(browser, { code: wrongCode(String(key), now()) })).status, 422);
        assert.equal(await isInside(browser), false);
        assert.equal((await host.store.readSubject(USER)).failures, 1);

        // The step of the activation's code has passed.
        world().clock.advance(30_000);
        const code = codeAt(String(key), now());
        assert.equal((await post(browser, { code })).status, 303);
        assert.ok(await isInside(browser));
        assert.deepEqual(fallbacksOf(host), ['totp: Duo server']);
        world().clock.advance(HOUR);
        assert.equal(await isInside(browser), methods.includes('totp'), 'after an hour');
      });
    }

    it('has nothing for who has no app', async () => {
      const { host, browser } = await outage('fall-back-to-totp');
      assert.equal((await browser.get(URL)).status, 503);
      assert.equal((await post(browser, { code: '123456' })).status, 503);
      assert.equal(await isInside(browser), false);
      assert.deepEqual(fallbacksOf(host), []);
    });

    it('takes no code of an app that has stopped', async () => {
      const { host, browser, key } = await outage('fall-back-to-totp', { totp: true });
      await nearlyStopped();
      assert.equal((await post(browser, { code: wrongCode(String(key), now()) })).status, 422);
      world().clock.advance(30_000);
      const stopped = await post(browser, { code: codeAt(String(key), now()) });
      assert.equal(stopped.status, 429);
      assert.match(stopped.text, /role="alert"[\s\S]*administrator/);
      assert.equal(await isInside(browser), false);
      assert.deepEqual(fallbacksOf(host), []);
    });

    it('takes no code while Duo answers', async () => {
      const { browser, key } = await outage('fall-back-to-totp', { totp: true });
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      world().clock.advance(30_000);
      const code = codeAt(String(key), now());
      assert.equal((await post(browser, { code })).headers.location, URL);
      assert.equal(await isInside(browser), false);
    });
  });
});
