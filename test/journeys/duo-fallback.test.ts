import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { type DuoKnob, type DuoSimulator, duoSimulatorAgent } from 'sallyport/testing';
import type { WhenUnavailable } from '../../src/methods/duo/credentials.js';
import { type Browser, codeAt, wrongCode } from '../support/browser.js';
import {
  addTotp,
  approved,
  continueLink,
  type DuoHostOptions,
  duoHost,
  GLOBEX,
  isInside,
  local,
  startSimulator,
} from '../support/duo.js';

const URL = '/two-factor/challenge/duo';
const HOUR = 3_600_000;

describe('while Duo cannot be reached', () => {
  let duo: DuoSimulator;
  let ahead = 0;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    ahead = 0;
    duo.reset();
  });
  after(() => duo.close());

  /** Somebody with Duo, perhaps with an app too, signed in with the password; Duo fails from now on. */
  async function outage(
    whenUnavailable: WhenUnavailable,
    {
      totp = false,
      knob = { endpoint: 'healthCheck', fault: '503' } as DuoKnob,
      methods = ['duo'],
      routes,
    }: {
      totp?: boolean;
      knob?: DuoKnob;
      methods?: string[];
      routes?: DuoHostOptions['routes'];
    } = {},
  ) {
    const host = await duoHost(duo, {
      store: memoryStore({ now: () => Date.now() + ahead }),
      whenUnavailable,
      timeout: '250ms',
      setting: { methods: ['duo', 'totp'] },
      ...(routes && { routes }),
    });
    const first = host.browser();
    await first.login('user1@globex');
    const inside = await activateDuoHere(first);
    const key = totp ? await addTotp(inside) : null;
    await host.save('globex', GLOBEX, { methods });
    host.events.length = 0;
    duo.set(knob);
    const browser = host.browser();
    await browser.login('user1@globex');
    return { host, browser, key };
  }

  const fallbacksOf = ({ events }: Awaited<ReturnType<typeof outage>>['host']) =>
    events.filter(({ type }) => type === 'fallback.used').map(({ detail }) => detail);
  const post = async (browser: Browser, fields: Record<string, string> = {}) =>
    browser.post(URL, { ...fields, _csrf: await browser.csrf() });

  describe('a tenant that is closed then', () => {
    it('lets nobody in, and still offers what else is accepted', async () => {
      const { host, browser, key } = await outage('deny', { totp: true, methods: ['duo', 'totp'] });
      const page = await browser.get(URL);
      assert.equal(page.status, 503);
      assert.match(page.text, /href="\/two-factor\/challenge\/totp"/);
      assert.equal((await post(browser)).status, 503);
      assert.equal((await post(browser, { code: codeAt(String(key), Date.now()) })).status, 503);
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
      ahead = HOUR - 5000;
      assert.ok(await isInside(browser));
      ahead = HOUR + 1000;
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

    it('ends with a reset, like any other session', async () => {
      const { host, browser } = await outage('let-in');
      await post(browser);
      assert.ok(await isInside(browser));
      await host.store.raiseEpoch('user1@globex');
      assert.equal(await isInside(browser), false);
    });

    const NOT_AN_OUTAGE: DuoKnob[] = [
      { endpoint: 'healthCheck', fault: 'empty' },
      { endpoint: 'healthCheck', fault: 'null' },
      { endpoint: 'healthCheck', fault: 'redirect-307' },
      { endpoint: 'healthCheck', fault: 'oversized' },
    ];
    for (const knob of NOT_AN_OUTAGE) {
      it(`lets nobody in for an answer that makes no sense: ${knob.fault}`, async () => {
        const { host, browser } = await outage('let-in', { knob });
        assert.equal((await browser.get(URL)).status, 503);
        assert.equal((await post(browser)).status, 503);
        assert.equal(await isInside(browser), false);
        assert.deepEqual(fallbacksOf(host), []);
      });
    }
    for (const fault of ['500', '502-html', 'hang', 'slow-drip', 'reset'] as const) {
      it(`does so for ${fault}`, async () => {
        const { host, browser } = await outage('let-in', {
          knob: { endpoint: 'healthCheck', fault },
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
        const { host, browser } = await outage('let-in');
        duo.set({ endpoint: 'healthCheck', fault: 'none' });
        const agent = duoSimulatorAgent({ apiHost: duo.apiHost, port: duo.port, ca: other.ca });
        const distrusting = await duoHost(
          { ...duo, agent, apiHost: duo.apiHost, promptOrigin: duo.promptOrigin } as DuoSimulator,
          { store: host.store, whenUnavailable: 'let-in' },
        );
        const person = distrusting.browser();
        await person.login('user1@globex');
        assert.equal((await person.get(URL)).status, 503);
        assert.match(String(distrusting.events.at(-1)?.detail), /^ERR_DUO tls$/);
        assert.equal((await post(person)).status, 503);
        assert.equal(await isInside(person), false);
        assert.ok(browser);
      } finally {
        await other.close();
      }
    });

    it('lets nobody in when the exchange fails: Duo had asked already', async () => {
      const { host } = await outage('let-in');
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      const { browser, callback } = await approved(host, duo, 'user1@globex');
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
        const at = Date.now() + ahead;
        assert.equal((await post(browser, { code: wrongCode(String(key), at) })).status, 422);
        assert.equal(await isInside(browser), false);
        assert.equal((await host.store.readSubject('user1@globex')).failures, 1);

        // The step of the activation's code has passed.
        ahead = 30_000;
        const code = codeAt(String(key), Date.now() + ahead);
        assert.equal((await post(browser, { code })).status, 303);
        assert.ok(await isInside(browser));
        assert.deepEqual(fallbacksOf(host), ['totp: Duo server']);
        ahead = HOUR + 60_000;
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

    it('takes no code while Duo answers', async () => {
      const { browser, key } = await outage('fall-back-to-totp', { totp: true });
      duo.set({ endpoint: 'healthCheck', fault: 'none' });
      ahead = 30_000;
      const code = codeAt(String(key), Date.now() + ahead);
      assert.equal((await post(browser, { code })).headers.location, URL);
      assert.equal(await isInside(browser), false);
    });
  });

  async function activateDuoHere(browser: Browser): Promise<Browser> {
    const page = await browser.get('/two-factor/activate/duo');
    const { callback } = await duo.answer(continueLink(page.text));
    await browser.get(local(callback));
    assert.ok(await isInside(browser));
    return browser;
  }
});
