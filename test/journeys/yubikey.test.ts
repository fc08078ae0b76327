import assert from 'node:assert/strict';
import { securityKey, yubikeyOtp } from 'sallyport';
import type { YubikeySimulator } from 'sallyport/testing';
import { type Host, subjectOf } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { issueKey } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';
import {
  ACTIVATE,
  activateKey,
  alertOn,
  CHALLENGE,
  OWN_HOSTS,
  proveKey,
  saveSetting,
  serverAt,
  startYubico,
  yubikeyOptions,
  yubikeySetting,
} from '../support/yubikey.js';

const USER = 'user1@globex';
const OTHER = 'user2@globex';
const PROFILE = '/two-factor/profile';
const [ONE, TWO] = OWN_HOSTS;
const WRONG = 'This code was not accepted. Touch the key again.';
const REPLAYED = 'This code was used already: each counts once. Touch the key again.';
const NOT_YOURS = 'This is not a key of yours. Use the one that you have activated.';
const TAKEN =
  'This key is activated for somebody else of your organization, and each key is for one person. Use another one.';

journeys('YubiKeys', (world) => {
  let yubico: YubikeySimulator;
  let now: () => number;
  let host: Host;

  before(async () => {
    yubico = await startYubico(() => now());
  });
  after(() => yubico.close());

  beforeEach(async () => {
    now = world().clock.now;
    yubico.reset();
    host = await world().host(() => ({
      options: {
        ...yubikeyOptions(yubico),
        subject: (req) => {
          const subject = subjectOf(req);
          const tenantId = /acts-for=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
          return subject && { ...subject, ...(tenantId && { tenantId }) };
        },
      },
    }));
    await set('globex');
  });

  const set = (id: string, change: Parameters<typeof saveSetting>[2] = {}) =>
    saveSetting(world().store, id, { 'yubikey-otp': yubikeySetting(id), ...change });

  async function signedIn(user = USER): Promise<Browser> {
    const browser = new Browser(host.app);
    await browser.login(user);
    return browser;
  }
  async function activated(key = yubico.key(), user = USER): Promise<Browser> {
    const browser = await signedIn(user);
    const done = await activateKey(browser, key.touch());
    assert.equal(done.status, 303, done.text);
    return browser;
  }
  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;
  const enrolled = async (id = USER) => (await world().store.readSubject(id)).enrollments;
  const eventsOf = (type: string) =>
    host.events.filter((one) => one.type === type).map(({ detail }) => detail);

  it('are activated at login by a touch, and prove the next one', async () => {
    const key = yubico.key(12_345_678);
    const first = await signedIn();
    assert.equal((await first.get('/two-factor/activate')).headers.location, ACTIVATE);
    const page = await first.form(ACTIVATE);
    assert.match(page.text, /autocomplete="one-time-code"/);
    assert.match(page.text, /inputmode="text"/);
    assert.match(page.text, /touch the key/);
    assert.equal((await activateKey(first, key.touch())).headers.location, '/');
    assert.ok(await isInside(first));
    assert.deepEqual(
      (await enrolled()).map(({ method, label }) => [method, label]),
      [['yubikey-otp', 'YubiKey 12345678']],
    );

    const browser = await signedIn();
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    const asked = await browser.get('/two-factor/challenge');
    assert.match(asked.text, /<h1>Touch your YubiKey<\/h1>/);
    assert.equal(await isInside(browser), false);
    assert.equal((await proveKey(browser, key.touch())).headers.location, '/reports');
    assert.ok(await isInside(browser));
    const { assurance } = (await browser.json('get', '/api/me')).body;
    assert.deepEqual(
      assurance.map(({ method }: { method: string }) => method),
      ['yubikey-otp'],
    );
  });

  it('type in capitals, and with what else stands around it', async () => {
    const key = yubico.key();
    await activated(key);
    const browser = await signedIn();
    const done = await proveKey(browser, ` ${key.touch().toUpperCase()}\r\n`);
    assert.equal(done.status, 303, done.text);
  });

  it('are answered in JSON as on the pages', async () => {
    const key = yubico.key();
    await activated(key);
    const browser = await signedIn();
    const asked = (await browser.json('get', CHALLENGE)).body;
    assert.equal(asked.method, 'yubikey-otp');
    const wrong = await browser.json('post', CHALLENGE, { code: 'x', _csrf: asked.csrfToken });
    assert.deepEqual([wrong.status, wrong.body.error], [422, 'malformed']);
    const right = { code: key.touch(), _csrf: asked.csrfToken };
    assert.equal((await browser.json('post', CHALLENGE, right)).status, 200);
    assert.ok(await isInside(browser));
  });

  it('are a fresh proof where a route wants one', async () => {
    const routed = await world().host(() => ({
      options: yubikeyOptions(yubico),
      routes: (app, door) =>
        app.get('/vault', door.require({ maxAge: '5m' }), (_req, res) => void res.send('open')),
    }));
    const key = yubico.key();
    const browser = new Browser(routed.app);
    await browser.login(USER);
    await activateKey(browser, key.touch());
    assert.equal((await browser.get('/vault')).text, 'open');
    world().clock.advance(6 * 60_000);
    assert.equal((await browser.get('/vault')).headers.location, '/two-factor/challenge');
    assert.match((await browser.get(CHALLENGE)).text, /<h1>Confirm that it is you<\/h1>/);
    assert.equal((await proveKey(browser, key.touch())).headers.location, '/vault');
    assert.equal((await browser.get('/vault')).text, 'open');
  });

  it('alone do not do where a route wants what nobody can phish', async () => {
    const options = yubikeyOptions(yubico);
    const routed = await world().host(() => ({
      options: { ...options, methods: [...options.methods, securityKey()] },
      routes: (app, door) =>
        app.get('/vault', door.require({ phishingResistant: true }), (_req, res) => {
          res.send('open');
        }),
    }));
    const browser = new Browser(routed.app);
    await browser.login(USER);
    await activateKey(browser, yubico.key().touch());
    assert.notEqual((await browser.get('/vault')).text, 'open');
  });

  describe('a code', () => {
    it('opens the door once: the server refuses it again', async () => {
      const key = yubico.key();
      await activated(key);
      const otp = key.touch();
      assert.equal((await proveKey(await signedIn(), otp)).status, 303);
      const thief = await signedIn();
      const refused = await proveKey(thief, otp);
      assert.equal(refused.status, 422);
      assert.equal(alertOn(refused.text), REPLAYED);
      assert.equal(await isInside(thief), false);
      assert.deepEqual(eventsOf('verification.failed'), ['replayed: as the server says']);
    });

    it('opens the door once, and none of before it ever, though the server says yes again', async () => {
      const key = yubico.key();
      const first = key.touch();
      assert.equal((await activateKey(await signedIn(), first)).status, 303);
      const older = key.touch();
      const newer = key.touch();
      assert.equal((await proveKey(await signedIn(), newer)).status, 303);
      yubico.set({ fault: 'always-ok' });
      for (const otp of [newer, older, first]) {
        const thief = await signedIn();
        const refused = await proveKey(thief, otp);
        assert.equal(refused.status, 422);
        assert.equal(alertOn(refused.text), REPLAYED);
        assert.equal(await isInside(thief), false);
      }
      assert.equal(yubico.log.filter(({ status }) => status === 'OK').length, 5, 'it has said so');
      assert.equal((await proveKey(await signedIn(), key.touch())).status, 303);
    });

    it('of before the key was plugged in again is none any longer', async () => {
      const key = yubico.key();
      await activated(key);
      const before = key.touch();
      key.plugIn();
      assert.equal((await proveKey(await signedIn(), key.touch())).status, 303);
      yubico.set({ fault: 'always-ok' });
      const thief = await signedIn();
      assert.equal(alertOn((await proveKey(thief, before)).text), REPLAYED);
      assert.equal(await isInside(thief), false);
    });

    it('lets one of many in that come with it at the same moment', async () => {
      const key = yubico.key();
      await activated(key);
      for (const fault of ['none', 'always-ok'] as const) {
        yubico.set({ fault });
        const browsers = await Promise.all(Array.from({ length: 6 }, () => signedIn()));
        const tokens = await Promise.all(browsers.map((one) => one.csrf()));
        const code = key.touch();
        const answers = await Promise.all(
          browsers.map((one, at) => one.post(CHALLENGE, { code, _csrf: tokens[at] ?? '' })),
        );
        assert.deepEqual(
          answers.map(({ status }) => status).sort(),
          [303, 422, 422, 422, 422, 422],
          fault,
        );
        const inside = await Promise.all(browsers.map(isInside));
        assert.equal(inside.filter(Boolean).length, 1, fault);
      }
    });

    it('of somebody else’s key is refused, and nobody is asked about it', async () => {
      const mine = yubico.key('mine');
      const theirs = yubico.key('theirs');
      await activated(mine);
      await activated(theirs, OTHER);
      yubico.set({ fault: 'always-ok' });
      const asked = yubico.log.length;
      const browser = await signedIn();
      for (const otp of [theirs.touch(), yubico.key('a new one').touch()]) {
        const refused = await proveKey(browser, otp);
        assert.equal(refused.status, 422);
        assert.equal(alertOn(refused.text), NOT_YOURS);
      }
      assert.equal(await isInside(browser), false);
      assert.equal(yubico.log.length, asked);
    });

    it('that begins like the own key’s and was not typed by it is refused', async () => {
      const key = yubico.key();
      await activated(key);
      const browser = await signedIn();
      const forged = key.publicId + yubico.key('another').touch().slice(12);
      const refused = await proveKey(browser, forged);
      assert.equal(refused.status, 422);
      assert.equal(alertOn(refused.text), WRONG);
      assert.equal(await isInside(browser), false);
    });

    it('that is none is refused in so many words, without a question to anybody', async () => {
      await activated();
      const browser = await signedIn();
      const asked = yubico.log.length;
      const typed = yubico.key().touch();
      for (const code of [
        '',
        ' ',
        '123456',
        typed.slice(1),
        `${typed}c`,
        typed + typed,
        'é'.repeat(44),
      ]) {
        const refused = await proveKey(browser, code);
        assert.equal(refused.status, 422, code);
        assert.match(alertOn(refused.text) ?? '', /not what a YubiKey types: 44 letters/);
      }
      for (const code of [[typed], { code: typed }, 5, null, true, undefined]) {
        const _csrf = await browser.csrf();
        const refused = await browser.json('post', CHALLENGE, { code, _csrf });
        assert.ok(refused.status === 422 || refused.status === 400, `${refused.status}`);
      }
      assert.equal((await proveKey(browser, 'c'.repeat(201))).status, 400);
      assert.equal(yubico.log.length, asked);
      assert.equal(await isInside(browser), false);
    });

    it('is taken with the token of the form alone', async () => {
      const key = yubico.key();
      await activated(key);
      const browser = await signedIn();
      const code = key.touch();
      assert.equal((await browser.post(CHALLENGE, { code })).status, 403);
      assert.equal(await isInside(browser), false);
      assert.equal((await proveKey(browser, code)).status, 303, 'it was not used up');
    });
  });

  describe('an activation', () => {
    it('is not confirmed by a wrong, an old or another’s code', async () => {
      const key = yubico.key();
      const used = key.touch();
      assert.equal((await activateKey(await signedIn(OTHER), used)).status, 303);
      const browser = await signedIn();
      for (const [code, message] of [
        [used, REPLAYED],
        [key.touch(), TAKEN],
        [`${yubico.key('another').publicId}${'c'.repeat(32)}`, WRONG],
      ] as const) {
        const refused = await activateKey(browser, code);
        assert.equal(refused.status, 422, refused.text);
        assert.equal(alertOn(refused.text), message);
      }
      assert.deepEqual(await enrolled(), []);
      assert.equal(await isInside(browser), false);
    });

    it('of one key by two persons of an organization is the first one’s', async () => {
      const key = yubico.key();
      const [one, two] = [await signedIn(), await signedIn(OTHER)];
      const answers = await Promise.all([
        activateKey(one, key.touch()),
        activateKey(two, key.touch()),
      ]);
      assert.equal(answers.filter(({ status }) => status === 303).length, 1);
      const refused = answers.find(({ status }) => status !== 303);
      assert.ok([TAKEN, REPLAYED].includes(alertOn(refused?.text ?? '') ?? ''), refused?.text);
      const both = [...(await enrolled()), ...(await enrolled(OTHER))];
      assert.equal(both.length, 1);
    });

    it('frees the key when it is reset, or removed', async () => {
      const key = yubico.key();
      await activated(key);
      const other = await signedIn(OTHER);
      assert.equal(alertOn((await activateKey(other, key.touch())).text), TAKEN);
      await host.door.subjects.reset({ id: USER, tenantId: 'globex' });
      assert.equal((await activateKey(other, key.touch())).status, 303);
      const first = await signedIn();
      assert.equal(alertOn((await activateKey(first, key.touch())).text), TAKEN);
    });

    it('keeps the key for as long as it is used', async () => {
      const key = yubico.key();
      await activated(key);
      for (const days of [300, 300]) {
        world().clock.advance(days * 24 * 60 * 60_000);
        assert.equal((await proveKey(await signedIn(), key.touch())).status, 303);
      }
      const other = await signedIn(OTHER);
      assert.equal(alertOn((await activateKey(other, key.touch())).text), TAKEN);
    });

    it('of one key in two organizations is two persons’, since both may be one', async () => {
      await set('initech');
      const key = yubico.key();
      await activated(key);
      await activated(key, 'user1@initech');
    });

    it('of a key that one has already is refused', async () => {
      const key = yubico.key();
      const browser = await activated(key);
      const refused = await activateKey(browser, key.touch(), `${PROFILE}/activate/yubikey-otp`);
      assert.equal(refused.status, 422, refused.text);
      assert.match(alertOn(refused.text) ?? '', /You have activated this key already/);
      assert.equal((await enrolled()).length, 1);
    });

    it('wants an activation key where one is demanded, before a server is asked', async () => {
      await set('globex', { enrollment: 'activation-key' });
      const thief = await signedIn();
      const page = await thief.get(ACTIVATE);
      assert.match(page.text, /activation key/i);
      const _csrf = await thief.csrf();
      await thief.post(ACTIVATE, { code: yubico.key().touch(), enrollment: 'x', _csrf });
      assert.deepEqual([yubico.log.length, (await enrolled()).length], [0, 0]);
      const activationKey = await issueKey(world().store, USER);
      const redeemed = await thief.post(`${ACTIVATE}/key`, { activationKey, _csrf });
      assert.equal(redeemed.status, 303);
      assert.equal((await activateKey(thief, yubico.key().touch())).status, 303);
    });

    it('is not confirmed by the word of other servers than it was begun with', async () => {
      // The servers of the second organization say yes to whatever they are asked.
      await set('initech', {
        'yubikey-otp': yubikeySetting('initech', { servers: [serverAt(ONE)] }),
      });
      yubico.set({ fault: 'always-ok', host: ONE });
      const thief = await signedIn();
      const { enrollment, csrfToken: _csrf } = (await thief.jsonForm(ACTIVATE)).body;
      thief.cookies.set('acts-for', 'initech');
      // Never touched: somebody else's key, of which the first letters are known.
      const code = `${yubico.key('of somebody else').publicId}${'c'.repeat(32)}`;
      const posted = await thief.post(ACTIVATE, { code, enrollment, _csrf });
      assert.equal(posted.status, 422);
      assert.deepEqual(await enrolled(), []);
      thief.cookies.delete('acts-for');
      assert.equal(await isInside(thief), false);
    });
  });

  describe('of one person', () => {
    it('are several, each with a name, and any of them opens the door', async () => {
      const keys = [1, 2, 3, 4, 5, 6].map((number) => yubico.key(number));
      const browser = await activated(keys[0]);
      for (const key of keys.slice(1, 5)) {
        const at = `${PROFILE}/activate/yubikey-otp`;
        const named = key === keys[1] ? { name: 'In the safe' } : {};
        const added = await activateKey(browser, key.touch(), at, named);
        assert.equal(added.status, 303, added.text);
      }
      const labels = (await enrolled()).map(({ label }) => label);
      assert.deepEqual(labels, ['YubiKey 1', 'In the safe', 'YubiKey 3', 'YubiKey 4', 'YubiKey 5']);
      const page = await browser.get(PROFILE);
      for (const label of labels) assert.ok(page.text.includes(label), label);
      assert.ok(!page.text.includes('Another YubiKey'), 'five are enough');
      for (const key of keys.slice(0, 5)) {
        assert.equal((await proveKey(await signedIn(), key.touch())).status, 303);
      }
      assert.equal(alertOn((await proveKey(await signedIn(), keys[5]!.touch())).text), NOT_YOURS);
    });

    it('are removed one by one, and the removed one opens nothing', async () => {
      const [one, two] = [yubico.key('one'), yubico.key('two')];
      const browser = await activated(one);
      await activateKey(browser, two.touch(), `${PROFILE}/activate/yubikey-otp`);
      const [first] = await enrolled();
      const removed = await browser.post(`${PROFILE}/remove/${first?.id}`, {
        _csrf: await browser.csrf(),
      });
      assert.equal(removed.status, 303, removed.text);
      assert.equal((await enrolled()).length, 1);
      assert.equal(alertOn((await proveKey(await signedIn(), one.touch())).text), NOT_YOURS);
      assert.equal((await proveKey(await signedIn(), two.touch())).status, 303);
    });
  });

  describe('in another organization', () => {
    it('count by the word of the same servers, and are proven there anew', async () => {
      await set('initech');
      const key = yubico.key();
      const browser = await activated(key);
      browser.cookies.set('acts-for', 'initech');
      assert.equal(await isInside(browser), false);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
      assert.equal((await proveKey(browser, key.touch())).status, 303);
      assert.ok(await isInside(browser));
    });

    it('do not count by the word of others, who may say yes to everything', async () => {
      await set('initech', {
        'yubikey-otp': yubikeySetting('initech', { servers: [serverAt(ONE)] }),
      });
      yubico.set({ fault: 'always-ok', host: ONE });
      const key = yubico.key();
      await activated(key);
      const thief = await signedIn();
      thief.cookies.set('acts-for', 'initech');
      assert.equal((await thief.get('/reports')).headers.location, '/two-factor/activate');
      const forged = `${key.publicId}${'c'.repeat(32)}`;
      assert.equal((await proveKey(thief, forged)).headers.location, '/two-factor/activate');
      assert.equal(await isInside(thief), false);
      assert.equal((await activateKey(thief, forged)).status, 303, 'as that organization wants it');
      thief.cookies.delete('acts-for');
      assert.equal(await isInside(thief), false);
      assert.equal((await proveKey(thief, forged)).status, 422);
    });

    it('are activated anew where other servers take the place of these', async () => {
      const key = yubico.key();
      await activated(key);
      await set('globex', {
        'yubikey-otp': yubikeySetting('globex', { servers: [serverAt(ONE), serverAt(TWO)] }),
      });
      const browser = await signedIn();
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
      assert.equal((await activateKey(browser, key.touch())).status, 303);
      // The order in which they are listed is nobody's concern.
      await set('globex', {
        'yubikey-otp': yubikeySetting('globex', { servers: [serverAt(TWO), serverAt(ONE)] }),
      });
      const again = await signedIn();
      assert.equal((await proveKey(again, key.touch())).status, 303);
      assert.ok(await isInside(again));
    });
  });

  describe('while a validation server is not well', () => {
    for (const fault of ['500', 'reset', 'BACKEND_ERROR', 'hang'] as const) {
      it(`(${fault}) open nothing, for so long as it takes, and other methods are offered`, async () => {
        const slow = await world().host(() => ({ options: yubikeyOptions(yubico, 1000) }));
        await set('globex', { methods: ['yubikey-otp', 'totp'] });
        const key = yubico.key();
        const browser = await activated(key);
        const at = `${PROFILE}/activate/totp`;
        const { key: app, enrollment, csrfToken: _csrf } = (await browser.jsonForm(at)).body;
        const added = { code: codeAt(app, now()), enrollment, _csrf };
        assert.equal((await browser.post(at, added)).status, 303);
        yubico.set({ fault });
        const out = new Browser(fault === 'hang' ? slow.app : host.app);
        await out.login(USER);
        const code = key.touch();
        const answer = await proveKey(out, code);
        assert.equal(answer.status, 503);
        assert.match(alertOn(answer.text) ?? '', /cannot be checked at the moment/);
        assert.equal(answer.headers['retry-after'], '30');
        assert.match(answer.text, /href="\/two-factor\/challenge\/totp"/);
        assert.equal(await isInside(out), false);
        const { events } = fault === 'hang' ? slow : host;
        const found = events.find(({ type }) => type === 'unavailable');
        assert.equal(found?.method, 'yubikey-otp');
        assert.match(found?.detail ?? '', /^ERR_METHOD (server|network|timeout)/);
        assert.ok(!JSON.stringify(events).includes(code), 'no code in an event');
        yubico.set({ fault: 'none' });
        assert.equal((await proveKey(out, key.touch())).status, 303, 'the next touch counts');
      });
    }

    for (const fault of [
      'bad-signature',
      'wrong-nonce',
      'wrong-otp',
      'redirect',
      'html',
    ] as const) {
      it(`or lies (${fault}), open nothing, and say so to those who can put it right`, async () => {
        const key = yubico.key();
        await activated(key);
        yubico.set({ fault });
        const browser = await signedIn();
        const answer = await proveKey(browser, key.touch());
        assert.equal(answer.status, 503);
        assert.match(alertOn(answer.text) ?? '', /do not work for your organization/);
        assert.equal(await isInside(browser), false);
        assert.match(eventsOf('unavailable')[0] ?? '', /^ERR_METHOD invalid/);
        const other = await signedIn(OTHER);
        assert.equal((await activateKey(other, yubico.key('new').touch())).status, 503);
        assert.deepEqual(await enrolled(OTHER), []);
      });
    }

    it('say yes by another server that is', async () => {
      await set('globex', {
        'yubikey-otp': yubikeySetting('globex', { servers: [serverAt(ONE), serverAt(TWO)] }),
      });
      const key = yubico.key();
      yubico.set({ fault: 'hang', host: ONE });
      await activated(key);
      yubico.set({ fault: 'bad-signature', host: ONE });
      assert.equal((await proveKey(await signedIn(), key.touch())).status, 303);
    });

    it('are asked about fifteen times in five minutes of one session, and no more', async () => {
      const key = yubico.key();
      await activated(key);
      const browser = await signedIn();
      const forged = `${key.publicId}${'c'.repeat(32)}`;
      const asked = yubico.log.length;
      for (let time = 0; time < 15; time += 1) {
        assert.equal(
          (await proveKey(browser, `${forged.slice(0, -1)}${'cbdefghijklnrtuv'[time]}`)).status,
          422,
        );
      }
      const answer = await proveKey(browser, key.touch());
      assert.equal(answer.status, 429);
      assert.equal(yubico.log.length - asked, 15);
      world().clock.advance(5 * 60_000);
      assert.equal((await proveKey(browser, key.touch())).status, 303);
    });
  });

  describe('whose credentials', () => {
    it('are removed are offered no longer, and nobody becomes a newcomer', async () => {
      const key = yubico.key();
      await activated(key);
      await set('globex', { methods: ['totp'], 'yubikey-otp': null });
      const browser = await signedIn();
      assert.match(String((await browser.get('/reports')).headers.location), /challenge/);
      const answer = await proveKey(browser, key.touch());
      assert.notEqual(answer.status, 303);
      assert.equal(await isInside(browser), false);
    });

    it('are damaged, or of another organization, open nothing', async () => {
      const key = yubico.key();
      await activated(key);
      for (const setting of [
        yubikeySetting('initech'),
        { ...yubikeySetting('globex'), credentials: { clientId: '1' } },
        { nonsense: true },
      ]) {
        await set('globex', { 'yubikey-otp': setting as ReturnType<typeof yubikeySetting> });
        const browser = await signedIn();
        assert.equal((await proveKey(browser, key.touch())).status, 503);
        assert.notEqual((await browser.get('/reports')).status, 200);
      }
    });

    it('name a server that may not be named any longer ask nobody', async () => {
      await set('globex', {
        'yubikey-otp': yubikeySetting('globex', { servers: [serverAt(ONE)] }),
      });
      const strict = await world().host(() => ({
        options: {
          ...yubikeyOptions(yubico),
          methods: [yubikeyOtp({ httpsAgent: yubico.agent, ownServers: (name) => name === TWO })],
        },
      }));
      const browser = new Browser(strict.app);
      await browser.login(USER);
      assert.equal((await activateKey(browser, yubico.key().touch())).status, 503);
      assert.deepEqual(yubico.log, []);
    });
  });
});
