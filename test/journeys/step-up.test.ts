import assert from 'node:assert/strict';
import type { Express } from 'express';
import type { Door, PolicyInput } from 'sallyport';
import { recoveryCodes, SallyportError, securityKey, totp } from 'sallyport';
import { softwareKey } from 'sallyport/testing';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, sessionIdOf, TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;

journeys('door.require', (world) => {
  const now = () => world().clock.now();
  let transfers: unknown[];

  function routes(app: Express, door: Door) {
    app.get('/transfers/new', door.require({ maxAge: '5m' }), (_req, res) => res.send('the form'));
    app.post('/transfers', door.require({ maxAge: '5m' }), (req, res) => {
      transfers.push(req.path);
      res.send('done');
    });
    app.get('/vault', door.require({ methods: ['totp'] }), (_req, res) => res.send('the vault'));
    app.get('/keys', door.require({ methods: ['duo'] }), (_req, res) => res.send('the keys'));
    app.get('/plain', door.require(), (_req, res) => res.send('plain'));
  }

  beforeEach(() => {
    transfers = [];
  });

  async function proven(policy: () => PolicyInput = () => TOTP_ONLY) {
    const { app, door } = await world().host({ policy, routes });
    const browser = new Browser(app);
    const key = await browser.activate(USER, now());
    return { app, door, browser, key };
  }

  function nextCode(key: string): string {
    world().clock.advance(30_000);
    return codeAt(key, now());
  }

  it('passes a fresh proof, and one of the method that is asked for', async () => {
    const { browser } = await proven();
    world().clock.advance(5 * MINUTE - 1);
    assert.equal((await browser.get('/transfers/new')).text, 'the form');
    assert.equal((await browser.post('/transfers')).text, 'done');
    world().clock.advance(60 * MINUTE);
    assert.equal((await browser.get('/vault')).text, 'the vault');
    assert.equal((await browser.get('/plain')).text, 'plain');
  });

  it('sends a page to the challenge, and back with its query', async () => {
    const { browser, key } = await proven();
    const before = sessionIdOf(browser);
    world().clock.advance(5 * MINUTE);
    const url = '/transfers/new?to=user2&amount=100';
    assert.equal((await browser.get(url)).headers.location, '/two-factor/challenge');
    for (const page of ['/two-factor/challenge', '/two-factor/challenge/totp']) {
      const { text } = await browser.get(page);
      assert.match(text, /Confirm that it is you/);
      assert.match(text, /action="\/two-factor\/challenge\/totp"/);
    }
    const back = await browser.answerChallenge(nextCode(key));
    assert.equal(back.headers.location, url);
    assert.notEqual(sessionIdOf(browser), before);
    assert.equal((await browser.get(url)).text, 'the form');
  });

  it('leaves the rest of the site open meanwhile', async () => {
    const { browser } = await proven();
    world().clock.advance(5 * MINUTE);
    await browser.get('/transfers/new');
    assert.equal((await browser.get('/reports')).status, 200);
    assert.equal((await browser.get('/transfers/new')).headers.location, '/two-factor/challenge');
  });

  it('is not passed by a wrong code, and not by the code of before', async () => {
    const { browser, key } = await proven();
    world().clock.advance(5 * MINUTE);
    await browser.get('/transfers/new');
    const code = nextCode(key);
    assert.equal((await browser.answerChallenge(code)).status, 303);
    world().clock.advance(5 * MINUTE);
    await browser.get('/transfers/new');
    assert.equal((await browser.answerChallenge(code)).status, 422);
    assert.equal((await browser.get('/transfers/new')).status, 303);
  });

  it('never replays a form: 401 says that nothing was changed, and it is sent again', async () => {
    const { browser, key } = await proven();
    world().clock.advance(5 * MINUTE);
    const refused = await browser.post('/transfers', { amount: '100' });
    assert.equal(refused.status, 401);
    assert.match(refused.text, /Nothing was changed: confirm, and do it again/);
    assert.match(refused.text, /href="\/two-factor\/challenge"[^>]*data-sp="continue"/);
    assert.equal((await browser.answerChallenge(nextCode(key))).headers.location, '/');
    assert.deepEqual(transfers, []);
    assert.equal((await browser.post('/transfers', { amount: '100' })).text, 'done');
    assert.deepEqual(transfers, ['/transfers']);
  });

  it('tells a program what is missing, in JSON, and hears its answer', async () => {
    const { browser, key } = await proven();
    world().clock.advance(5 * MINUTE);
    for (const method of ['get', 'post'] as const) {
      const url = method === 'get' ? '/transfers/new' : '/transfers';
      const refused = await browser.json(method, url);
      assert.equal(refused.status, 401);
      assert.deepEqual(refused.body, {
        error: 'second_factor_required',
        next: 'challenge',
        why: 'step-up',
        methods: ['totp'],
        url: '/two-factor/challenge',
        graceEndsAt: null,
      });
    }
    const asked = await browser.json('get', '/two-factor/challenge');
    assert.deepEqual([asked.body.next, asked.body.methods], ['challenge', ['totp']]);
    const csrf = { 'x-csrf-token': await browser.csrf() };
    const code = nextCode(key);
    const answer = await browser.json('post', asked.body.url, { code }).set(csrf);
    assert.equal(answer.status, 200);
    assert.equal((await browser.json('post', '/transfers')).text, 'done');
    assert.equal(transfers.length, 1);
  });

  it('asks for a method that is not activated, and says that there is none', async () => {
    const { browser } = await proven(() => ({
      mode: 'required',
      methods: ['totp', 'duo'],
      duo: { source: 'acme', credentialVersion: 'v1' },
    }));
    const refused = await browser.json('get', '/keys');
    assert.equal(refused.status, 401);
    assert.deepEqual([refused.body.why, refused.body.methods], ['step-up', []]);
    assert.equal((await browser.get('/keys')).headers.location, '/two-factor/challenge');
    const page = await browser.get('/two-factor/challenge');
    assert.equal(page.status, 403);
    assert.match(page.text, /None of your methods is accepted here/);
    assert.equal((await browser.get('/reports')).status, 200);
  });

  describe('of a method that somebody has not', () => {
    const KEY = '/two-factor/profile/activate/security-key';
    const CHALLENGE = '/two-factor/challenge';

    async function withApp(methods: readonly string[], mode = 'required', user = USER) {
      let policy: PolicyInput = TOTP_ONLY;
      const { app } = await world().host({
        policy: () => policy,
        options: { methods: [totp(), securityKey(), recoveryCodes()] },
        routes(app, door) {
          app.get('/keys', door.require({ phishingResistant: true }), (_req, res) =>
            res.send('in'),
          );
          const codes = door.require({ methods: ['recovery-code'] });
          app.get('/codes', codes, (_req, res) => res.send('in'));
        },
      });
      const browser = new Browser(app);
      const secret = await browser.activate(user, now());
      policy = { mode, methods } as PolicyInput;
      return { browser, secret };
    }

    it('leads to its activation, which wants a fresh proof, and is passed with it', async () => {
      const { browser, secret } = await withApp(['totp', 'security-key']);
      world().clock.advance(6 * MINUTE);
      assert.equal((await browser.get('/keys')).headers.location, CHALLENGE);
      const page = await browser.get(CHALLENGE);
      assert.equal(page.status, 403);
      assert.match(page.text, /You can activate one/);
      assert.match(page.text, new RegExp(`href="${KEY}"[^>]*>\\s*Activate`));
      assert.equal((await browser.get(KEY)).headers.location, CHALLENGE);
      const back = await browser.answerChallenge(nextCode(secret));
      assert.equal(back.headers.location, KEY);
      const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(KEY)).body;
      const credential = softwareKey({ origin: ORIGIN }).create(publicKey);
      assert.equal((await browser.post(KEY, { credential, enrollment, _csrf })).status, 303);
      assert.equal((await browser.get('/keys')).text, 'in');
    });

    it('tells a program the same', async () => {
      const { browser } = await withApp(['totp', 'security-key']);
      const { url } = (await browser.json('get', '/keys')).body;
      const { status, body } = await browser.json('get', url);
      assert.deepEqual([status, body.error, body.next], [403, 'no_method', 'enroll']);
      assert.deepEqual([body.methods, body.url], [['security-key'], KEY]);
      const form = await browser.jsonForm(body.url);
      assert.deepEqual([form.status, form.body.next], [200, 'enroll']);
    });

    it('is refused where nobody may activate it', async () => {
      for (const [at, [methods, mode, url]] of (
        [
          [['totp'], 'required', '/keys'],
          [['totp', 'security-key'], 'off', '/keys'],
          [['totp', 'security-key', 'recovery-code'], 'required', '/codes'],
        ] as const
      ).entries()) {
        const { browser } = await withApp(methods, mode, `user${at + 1}@acme`);
        assert.equal((await browser.json('get', url)).status, 401, url);
        const { status, body } = await browser.json('get', CHALLENGE);
        assert.deepEqual(
          [status, body],
          [403, { error: 'no_method', message: 'None of your methods is accepted here.' }],
        );
        const page = await browser.get(CHALLENGE);
        assert.equal(page.status, 403);
        assert.match(page.text, /<h1>You cannot go on here<\/h1>/);
        assert.doesNotMatch(page.text, /profile\/activate/);
      }
    });
  });

  it('holds where two-factor is off for whoever has a method', async () => {
    let policy: PolicyInput = TOTP_ONLY;
    const { browser, app, key } = await proven(() => policy);
    policy = { mode: 'off' };
    const again = new Browser(app);
    await again.login(USER);
    assert.equal((await again.get('/reports')).status, 200);
    for (const url of ['/transfers/new', '/vault', '/plain']) {
      assert.equal((await again.get(url)).headers.location, '/two-factor/challenge', url);
    }
    assert.equal((await again.post('/transfers')).status, 401);
    await again.get('/transfers/new');
    assert.equal((await again.answerChallenge(nextCode(key))).headers.location, '/transfers/new');
    assert.equal((await again.get('/transfers/new')).text, 'the form');
    assert.equal((await again.post('/transfers')).text, 'done');
    assert.equal((await browser.get('/transfers/new')).text, 'the form');
  });

  it('gives whoever is inside without a proof as long for it as they like', async () => {
    let policy: PolicyInput = TOTP_ONLY;
    const { app, key } = await proven(() => policy);
    const waiting = new Browser(app);
    await waiting.login(USER);
    assert.equal((await waiting.get('/reports')).headers.location, '/two-factor/challenge');
    policy = { mode: 'off' };
    const again = new Browser(app);
    await again.login(USER);
    await again.get('/transfers/new');
    world().clock.advance(60 * MINUTE);
    // The one has been between the doors, the other never was.
    for (const browser of [waiting, again]) {
      assert.equal((await browser.get('/reports')).status, 200);
      const asked = await browser.get('/transfers/new');
      assert.equal(asked.headers.location, '/two-factor/challenge');
      const answer = await browser.answerChallenge(nextCode(key));
      assert.equal(answer.headers.location, '/transfers/new');
      assert.equal((await browser.get('/transfers/new')).text, 'the form');
    }
    const late = new Browser(app);
    await late.login(USER);
    await late.get('/transfers/new');
    policy = TOTP_ONLY;
    await late.get('/reports');
    world().clock.advance(10 * MINUTE);
    assert.equal((await late.get('/reports')).headers.location, '/two-factor/expired');
  });

  it('leads whoever has to activate first to the activation', async () => {
    const { app } = await world().host({ routes });
    const browser = new Browser(app);
    await browser.login(USER);
    assert.equal((await browser.get('/vault')).headers.location, '/two-factor/activate');
    assert.equal((await browser.json('post', '/transfers')).body.next, 'enroll');
    assert.deepEqual(transfers, []);
  });

  it('is void with the factor: after a reset one signs in again', async () => {
    const { browser } = await proven();
    assert.equal((await browser.get('/vault')).text, 'the vault');
    await world().store.reset(USER);
    assert.equal((await browser.get('/vault')).headers.location, '/two-factor/expired');
    assert.equal((await browser.get('/vault')).headers.location, '/login');
  });

  it('refuses, at construction, what is no requirement', async () => {
    const { door } = await world().host();
    for (const [requirement, message] of [
      [{ maxAge: '5 minutes' }, /require\.maxAge must be a duration.*5 minutes/],
      [{ methods: [] }, /require\.methods must be a list of at least one method/],
      [{ methods: 'totp' }, /require\.methods must be a list.*totp/],
    ] as const) {
      assert.throws(
        () => door.require(requirement as never),
        (error) =>
          error instanceof SallyportError &&
          error.code === 'ERR_OPTION' &&
          message.test(error.message),
      );
    }
  });
});
