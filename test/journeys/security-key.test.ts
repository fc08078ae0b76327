import assert from 'node:assert/strict';
import { recoveryCodes, type SallyportOptions, securityKey, totp } from 'sallyport';
import { type SoftwareKey, type SoftwareKeyOptions, softwareKey } from 'sallyport/testing';
import { AdminBrowser, administration } from '../support/admin.js';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const ACTIVATE = '/two-factor/activate/security-key';
const CHALLENGE = '/two-factor/challenge/security-key';
const PROFILE = '/two-factor/profile';
const MINUTE = 60_000;
const ALONE = { mode: 'required', methods: ['security-key'] } as const;
const WITH_APP = { mode: 'required', methods: ['security-key', 'totp'] } as const;

const keyOf = (more: Partial<SoftwareKeyOptions> = {}) => softwareKey({ origin: ORIGIN, ...more });

journeys('passkeys and security keys', (world) => {
  const hostOf = (policy: object = ALONE, more: Partial<SallyportOptions> = {}) =>
    world().host({
      policy: () => ({ mode: 'required', ...policy }),
      options: { methods: [securityKey(), totp(), recoveryCodes()], ...more },
    });

  async function signedIn(target: Browser['target'], user = USER): Promise<Browser> {
    const browser = new Browser(target);
    await browser.login(user);
    return browser;
  }

  async function activate(browser: Browser, key: SoftwareKey, at = ACTIVATE, more = {}) {
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(at)).body;
    return browser.post(at, { credential: key.create(publicKey), enrollment, _csrf, ...more });
  }

  async function activated(target: Browser['target'], key: SoftwareKey, user = USER) {
    const browser = await signedIn(target, user);
    const done = await activate(browser, key);
    assert.equal(done.status, 303, done.text);
    return browser;
  }

  async function askedFor(browser: Browser) {
    return (await browser.json('get', CHALLENGE)).body.publicKey;
  }
  const send = async (browser: Browser, credential: string, more = {}) =>
    browser.post(CHALLENGE, { credential, _csrf: await browser.csrf(), ...more });
  const prove = async (browser: Browser, key: SoftwareKey, more = {}) =>
    send(browser, key.get(await askedFor(browser)), more);
  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;
  const alertOn = (html: string) => /role="alert"[^>]*><span>([^<]*)</.exec(html)?.[1];

  it('are activated at login, and are the proof of the next one', async () => {
    const { app, events } = await hostOf();
    const key = keyOf({ aaguid: '2fc0579f-8113-47ea-b116-bb5a8db9202a' });
    const first = await signedIn(app);
    assert.equal((await first.get('/two-factor/activate')).headers.location, ACTIVATE);
    assert.equal((await activate(first, key)).headers.location, '/');
    assert.equal(await isInside(first), true);
    const confirmed = events.find(({ type }) => type === 'enrollment.confirmed');
    assert.deepEqual(
      [confirmed?.method, confirmed?.detail, confirmed?.enrollments?.map(({ label }) => label)],
      ['security-key', 'user verified phishing-resistant', ['YubiKey 5 NFC']],
    );

    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    assert.match((await browser.get('/two-factor/challenge')).text, /data-sp-key="get"/);
    assert.equal((await prove(browser, key)).headers.location, '/reports');
    assert.equal(await isInside(browser), true);
    const { assurance } = (await browser.json('get', '/api/me')).body;
    assert.deepEqual(
      assurance.map((one: object) => ({ ...one, at: null, enrollmentId: null })),
      [{ method: 'security-key', at: null, enrollmentId: null, phishingResistant: true }],
    );
  });

  it('are asked for by a page that says what to do without script, and that the browser runs none of', async () => {
    const { app } = await hostOf({ methods: ['security-key', 'totp'] });
    const browser = await signedIn(app);
    for (const purpose of ['create', 'get']) {
      const page = await browser.get(purpose === 'create' ? ACTIVATE : CHALLENGE);
      assert.match(page.text, /<noscript><p [^>]*>This needs JavaScript/);
      assert.match(page.text, new RegExp(`data-sp-key="${purpose}"`));
      assert.match(page.text, /<script type="module" src="[^"]*security-key\.[0-9a-f]{12}\.js">/);
      assert.doesNotMatch(page.text, /<script(?![^>]* src=)|\son\w+=|\sstyle=/);
      assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
      if (purpose === 'get') continue;
      assert.match(page.text, /href="\/two-factor\/activate\/totp"/);
      assert.equal((await activate(browser, keyOf())).status, 303);
      await browser.json('post', '/logout');
      await browser.login(USER);
    }
  });

  it('are refused in a sentence that says why, and asked for anew', async () => {
    const { app, events } = await hostOf();
    const [key, other] = [keyOf(), keyOf()];
    await activated(app, key);
    await activated(app, other, 'user2@acme');
    const copy = key.copy();
    const browser = await signedIn(app);

    const nothing = await send(browser, '');
    assert.equal(nothing.status, 422);
    assert.match(
      alertOn(nothing.text) ?? '',
      /^Nothing came from a key\. Your browser needs JavaScript/,
    );
    const { challenge, rpId } = await askedFor(browser);
    const foreign = await send(browser, other.get({ challenge, rpId }));
    assert.equal(
      alertOn(foreign.text),
      'That is not one of your keys here. Use one that you have activated.',
    );
    const lookAlike = key.get(await askedFor(browser), { origin: 'https://console.evil' });
    assert.match(alertOn((await send(browser, lookAlike)).text) ?? '', /could not be checked/);
    assert.match(events.at(-1)?.detail ?? '', /^wrong-code: origin$/);

    const used = key.get(await askedFor(browser));
    world().clock.advance(5 * MINUTE);
    assert.match(
      alertOn((await send(browser, used)).text) ?? '',
      /^That took longer than five minutes\./,
    );
    assert.equal((await prove(browser, key)).status, 303);

    const later = await signedIn(app);
    assert.match(
      alertOn((await prove(later, copy)).text) ?? '',
      /^That key has counted backwards, /,
    );
    assert.ok(events.some(({ type }) => type === 'enrollment.copied'));
    assert.equal(await isInside(later), false);
    assert.equal((await prove(later, key)).status, 303, 'and is not disabled');
  });

  it('of which a copy has shown itself are marked in My Profile until they are gone, and a second one is offered', async () => {
    const { app } = await hostOf();
    const [key, other] = [keyOf(), keyOf()];
    const browser = await activated(app, key);
    const only = (await browser.get(PROFILE)).text;
    assert.match(only, /You have one only\. Activate a second one now/);
    assert.doesNotMatch(only, /There is a copy of it/);
    const copy = key.copy();
    const login = await signedIn(app);
    assert.equal((await prove(login, key)).status, 303);
    assert.equal((await prove(await signedIn(app), copy)).status, 422);
    const marked = (await login.get(PROFILE)).text;
    assert.match(marked, /There is a copy of it, most likely: its count went back at <time /);
    const { enrollments } = (await login.json('get', PROFILE)).body;
    assert.equal(enrollments[0].copiedAt, new Date(world().clock.now()).toISOString());
    await activate(login, other, `${PROFILE}/activate/security-key`);
    const two = (await login.json('get', PROFILE)).body.enrollments;
    assert.deepEqual(
      two.map(({ copiedAt }: { copiedAt: string | null }) => copiedAt === null),
      [false, true],
    );
    assert.doesNotMatch((await login.get(PROFILE)).text, /You have one only/);
    const _csrf = await login.csrf();
    await login.post(`${PROFILE}/remove/${two[0].id}`, { _csrf });
    assert.doesNotMatch((await login.get(PROFILE)).text, /There is a copy of it/);
  });

  it('are taken once, in the session that was asked, whatever tab it is', async () => {
    const { app } = await hostOf();
    const key = keyOf();
    await activated(app, key);
    const browser = await signedIn(app);
    const asked = await askedFor(browser);
    assert.deepEqual(await askedFor(browser.copy()), asked, 'another tab is asked the same');
    const answer = key.get(asked);
    const thief = await signedIn(app);
    await askedFor(thief);
    assert.equal((await send(thief, answer)).status, 422);
    assert.equal((await send(browser, answer)).status, 303);
    const after = await signedIn(app);
    await askedFor(after);
    assert.equal((await send(after, answer)).status, 422);
  });

  it('are asked for by one process and checked by another, once', async () => {
    const [one, two] = [await hostOf(), await hostOf()];
    const key = keyOf();
    await activated(one.app, key);
    const browser = await signedIn(one.app);
    const answer = key.get(await askedFor(browser));
    const _csrf = await browser.csrf();
    const copies = [browser.copy(one.app), browser.copy(two.app)];
    await Promise.all(copies.map((copy) => copy.post(CHALLENGE, { credential: answer, _csrf })));
    const inside = await Promise.all(copies.map(isInside));
    assert.equal(inside.filter(Boolean).length, 1, String(inside));
  });

  it('stay usable where codes have to wait, and are no guesses', async () => {
    const { app } = await hostOf(WITH_APP);
    const key = keyOf();
    const person = await activated(app, key);
    const at = `${PROFILE}/activate/totp`;
    const { body } = await person.jsonForm(at);
    await person.post(at, {
      ...{ code: codeAt(body.key, world().clock.now()), enrollment: body.enrollment },
      _csrf: await person.csrf(),
    });
    const browser = await signedIn(app);
    for (let n = 0; n < 6; n += 1) {
      await browser.post('/two-factor/challenge/totp', {
        ...{ code: '000000', _csrf: await browser.csrf() },
      });
    }
    const waiting = await browser.answerChallenge(codeAt(body.key, world().clock.now()));
    assert.equal(waiting.status, 429);
    for (let n = 0; n < 12; n += 1) {
      const wrong = key.get(await askedFor(browser), { signature: true });
      assert.equal((await send(browser, wrong)).status, 422);
    }
    assert.equal((await prove(browser, key)).status, 303);
  });

  it('are several in My Profile, each with a name, and one may go', async () => {
    const { app } = await hostOf();
    const keys = [keyOf(), keyOf(), keyOf({ synced: true })];
    const browser = await activated(app, keys[0] as SoftwareKey);
    const at = `${PROFILE}/activate/security-key`;
    const page = await browser.form(at);
    assert.match(page.text, /<input [^>]*name="name"/);
    const named = await activate(browser, keys[1] as SoftwareKey, at, { name: 'Blue one' });
    assert.equal(named.headers.location, `${PROFILE}?done=activated`);
    await activate(browser, keys[2] as SoftwareKey, at);
    await assert.rejects(() => activate(browser, keys[0] as SoftwareKey, at), {
      name: 'InvalidStateError',
    });
    const { body } = await browser.json('get', PROFILE);
    assert.deepEqual(
      body.enrollments.map(({ label }: { label: string }) => label),
      ['Security key', 'Blue one', 'Passkey'],
    );
    const [lost] = body.enrollments;
    await browser.post(`${PROFILE}/remove/${lost.id}`, { _csrf: await browser.csrf() });
    const later = await signedIn(app);
    assert.equal((await askedFor(later)).allowCredentials.length, 2);
    const { challenge, rpId } = await askedFor(later);
    assert.equal((await send(later, keys[0]?.get({ challenge, rpId }) ?? '')).status, 422);
    assert.equal((await prove(later, keys[1] as SoftwareKey)).status, 303);
  });

  it('are a fresh proof where a route wants one', async () => {
    const { app } = await world().host({
      policy: () => ALONE,
      options: { methods: [securityKey(), totp()] },
      routes: (routed, door) =>
        routed.get('/vault', door.require({ maxAge: '5m' }), (_req, res) => {
          res.send('open');
        }),
    });
    const key = keyOf();
    const browser = await activated(app, key);
    world().clock.advance(6 * MINUTE);
    assert.equal((await browser.get('/vault')).headers.location, '/two-factor/challenge');
    assert.match((await browser.get(CHALLENGE)).text, /<h1>Confirm that it is you<\/h1>/);
    assert.equal((await prove(browser, key)).headers.location, '/vault');
    assert.equal((await browser.get('/vault')).text, 'open');
  });

  it('alone do where a route wants what nobody can phish', async () => {
    const { app } = await world().host({
      policy: () => WITH_APP,
      options: { methods: [totp(), securityKey()] },
      routes: (routed, door) =>
        routed.get('/vault', door.require({ phishingResistant: true }), (_req, res) => {
          res.send('open');
        }),
    });
    const browser = new Browser(app);
    const secret = await browser.activate(USER, world().clock.now());
    assert.equal(await isInside(browser), true);
    const lacking = await browser.json('get', '/vault');
    assert.deepEqual([lacking.status, lacking.body.methods], [401, []]);
    const page = await browser.get('/vault');
    const none = await browser.get(String(page.headers.location));
    assert.equal(none.status, 403, 'who has none is told so');

    const key = keyOf();
    const at = `${PROFILE}/activate/security-key`;
    assert.equal((await activate(browser, key, at)).headers.location, `${PROFILE}?done=activated`);
    assert.equal((await browser.get('/vault')).text, 'open');
    const { enrollments } = (await browser.json('get', PROFILE)).body;
    assert.deepEqual(
      enrollments.map(({ phishingResistant }: { phishingResistant: boolean }) => phishingResistant),
      [false, true],
    );
    assert.match((await browser.get(PROFILE)).text, /Phishing-resistant: /);

    const later = await signedIn(app);
    world().clock.advance(MINUTE);
    await later.answerChallenge(codeAt(secret, world().clock.now()));
    assert.equal(await isInside(later), true);
    const wanted = await later.json('get', '/vault');
    assert.deepEqual([wanted.status, wanted.body.methods], [401, ['security-key']]);
    await later.get('/vault');
    assert.equal((await prove(later, key)).headers.location, '/vault');
    assert.equal((await later.get('/vault')).text, 'open');
  });

  it('have a device remembered where that may be', async () => {
    const { app } = await hostOf({ ...ALONE, rememberDeviceSeconds: 86_400 });
    const key = keyOf();
    await activated(app, key);
    const browser = await signedIn(app);
    assert.match((await browser.get(CHALLENGE)).text, /name="remember"/);
    assert.equal((await prove(browser, key, { remember: '1' })).status, 303);
    await browser.post('/logout');
    await browser.login(USER);
    assert.equal((await browser.get('/reports')).headers.location, '/reports');
    assert.equal(await isInside(browser), true);
  });

  it('count for nothing once they are reset', async () => {
    const { app, door } = await hostOf();
    const key = keyOf();
    await activated(app, key);
    const browser = await signedIn(app);
    const answer = key.get(await askedFor(browser));
    await door.subjects.reset({ id: USER, tenantId: 'acme' });
    await send(browser, answer);
    assert.equal(await isInside(browser), false);
    const anew = await signedIn(app);
    assert.equal((await activate(anew, key)).status, 303);
  });

  it('are not activated by an answer that belongs to another session, or comes too late', async () => {
    const { app } = await hostOf();
    const [mine, other] = [await signedIn(app), await signedIn(app)];
    const { publicKey, enrollment } = (await mine.jsonForm(ACTIVATE)).body;
    const credential = keyOf().create(publicKey);
    const sent = async (browser: Browser) =>
      browser.post(ACTIVATE, { credential, enrollment, _csrf: await browser.csrf() });
    assert.equal((await sent(other)).status, 422);
    world().clock.advance(5 * MINUTE);
    assert.equal((await sent(mine)).status, 422);
    assert.deepEqual((await world().store.readSubject(USER)).enrollments, []);
    assert.equal((await activate(mine, keyOf())).status, 303, 'and is asked for anew');
  });

  it('are made for a domain above the host’s, and answered at other origins, where the door says so', async () => {
    const here = 'https://console.example.com';
    const sister = 'https://console.example.org';
    const { app } = await hostOf(ALONE, {
      origin: here,
      methods: [securityKey({ rpId: 'example.com', origins: [sister] }), recoveryCodes()],
    });
    const key = keyOf({ origin: here });
    const first = await activated(app, key);
    assert.equal((await askedFor(await signedIn(app))).rpId, 'example.com');
    const browser = await signedIn(app);
    const related = key.get(await askedFor(browser), { origin: sister });
    assert.equal((await send(browser, related)).status, 303);
    const another = await signedIn(app);
    const foreign = key.get(await askedFor(another), { origin: 'https://other.example.com' });
    assert.equal((await send(another, foreign)).status, 422);

    for (const anybody of [first, new Browser(app)]) {
      const told = await anybody.get('/.well-known/webauthn');
      assert.match(String(told.headers['content-type']), /^application\/json/);
      assert.deepEqual(told.body, { origins: [here, sister] });
    }
    assert.equal((await new Browser(app).get('/.well-known/other')).headers.location, '/login');
    assert.equal((await new Browser(app).get('/.well-known/__proto__')).headers.location, '/login');
    const plain = (await hostOf()).app;
    assert.equal(
      (await new Browser(plain).get('/.well-known/webauthn')).headers.location,
      '/login',
    );
  });

  describe('of which an organization takes some', () => {
    const YUBIKEY = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
    const RESTRICTED = [
      [
        'userVerification',
        { userVerification: true },
        { userVerified: false },
        {},
        /PIN, a finger/,
      ],
      ['deviceBound', { deviceBound: true }, { synced: true }, {}, /synced to other devices/],
      ['models', { models: [YUBIKEY] }, {}, { aaguid: YUBIKEY }, /this model of key/],
    ] as const;

    for (const [name, part, bad, good, sentence] of RESTRICTED) {
      it(`(${name}) another one is refused at its activation, in a sentence that says why`, async () => {
        const { app } = await hostOf({ ...ALONE, 'security-key': part });
        const browser = await signedIn(app);
        const refused = await activate(browser, keyOf(bad));
        assert.equal(refused.status, 422);
        assert.match(alertOn(refused.text) ?? '', sentence);
        assert.equal(await isInside(browser), false);
        assert.equal((await activate(browser, keyOf(good))).status, 303);
        assert.equal(await isInside(browser), true);
      });

      it(`(${name}) one of before proves who asks, and opens the way to another one alone`, async () => {
        let policy: object = ALONE;
        const { app } = await world().host({
          policy: () => ({ mode: 'required', ...policy }),
          options: { methods: [securityKey(), recoveryCodes()] },
        });
        const [old, anew] = [keyOf(bad), keyOf(good)];
        const before = await activated(app, old);
        policy = { ...ALONE, 'security-key': part };
        assert.equal(await isInside(before), false, 'and at once');
        const browser = await signedIn(app);
        assert.equal((await prove(browser, old)).status, 303);
        assert.equal(await isInside(browser), false);
        assert.equal((await activate(browser, anew)).status, 303);
        assert.equal(await isInside(browser), true);

        const later = await signedIn(app);
        assert.equal((await askedFor(later)).allowCredentials.length, 1, 'the one that counts');
        const { challenge, rpId } = await askedFor(later);
        const still = await send(later, old.get({ challenge, rpId }));
        assert.match(alertOn(still.text) ?? '', sentence);
        assert.equal((await prove(later, anew)).status, 303);
      });
    }

    it('a key that can has to tell its person from others each time', async () => {
      const { app } = await hostOf({ ...ALONE, 'security-key': { userVerification: true } });
      const key = keyOf();
      await activated(app, key);
      const browser = await signedIn(app);
      const asked = await askedFor(browser);
      assert.equal(asked.userVerification, 'required');
      const refused = await send(browser, key.get(asked, { flags: 1 }));
      assert.match(alertOn(refused.text) ?? '', /PIN, a finger/);
      assert.equal((await prove(browser, key)).status, 303);
    });

    it('is set by administrators, who see first whose keys count no longer', async () => {
      const made = await world().host(() => {
        const own = administration({ admin: { secondFactor: 'policy' } });
        const methods = [securityKey(), totp()];
        return { ...own, options: { ...own.options, methods } };
      });
      const host = { ...made, clock: world().clock, store: world().store };
      const admin = await AdminBrowser.signedIn(host, 'admin@north');
      const setup = '/setup/organizations/acme';
      assert.match((await admin.get(`${setup}/authentication`)).text, /Passkeys and security keys/);
      const setting = {
        ...{ mode: 'required', methods: ['security-key'], enrollment: 'self', graceUntil: null },
        ...{ maxAgeSeconds: null, clientsMust: null },
      };
      const { body } = await admin.call(`${setup}/authentication`, { version: 0, setting });
      await activated(made.app, keyOf());
      const at = `${setup}/security-key`;
      const wrong = await admin.call(at, { version: body.version, models: 'YubiKey 5' });
      assert.deepEqual([wrong.status, wrong.body.error], [422, 'invalid_models']);
      const asked = await admin.call(at, { version: body.version, models: YUBIKEY.toUpperCase() });
      assert.equal(asked.body.next, 'confirm', asked.text);
      const { pending, version, url } = asked.body;
      assert.equal((await admin.call(url, { version, pending })).body.saved, true);
      const page = (await admin.json('get', `${setup}/authentication`)).body;
      assert.deepEqual(page['security-key'], {
        ...{ userVerification: false, deviceBound: false, models: [YUBIKEY] },
      });
      const browser = await signedIn(made.app);
      assert.equal(await isInside(browser), false);
      assert.match(
        (await browser.get('/two-factor/challenge')).text,
        /Confirm with the method you have/,
      );
    });
  });

  it('bound what is sent', async () => {
    const { app } = await hostOf();
    await activated(app, keyOf());
    const browser = await signedIn(app);
    await askedFor(browser);
    assert.equal((await send(browser, 'x'.repeat(12_001))).status, 400);
    assert.equal((await send(browser, 'x'.repeat(40_000))).status, 413);
    assert.equal((await send(browser, 'x'.repeat(12_000))).status, 422);
  });
});
