import assert from 'node:assert/strict';
import { type LegacyFunction, recoveryCodes, SallyportError, totp } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { Browser } from '../support/browser.js';
import { journeysOnAllStores } from '../support/worlds.js';

const SUBJECT = { id: 'user1@acme', tenantId: 'acme' };
const CHALLENGE = '/two-factor/challenge/totp';
const ACTIVATE = '/two-factor/activate/totp';
const KEY = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const HAD = { totp: [{ secret: KEY, name: 'Old phone' }] };

journeysOnAllStores('somebody whom the host is asked about at their first login', (world) => {
  const hosted = (
    legacy: LegacyFunction | undefined,
    mode: 'required' | 'optional' | 'off' = 'required',
  ) =>
    world().host({
      policy: () => ({ mode, methods: ['totp', 'recovery-code'] }),
      options: {
        methods: [totp(), recoveryCodes()],
        legacyTimeout: '200ms',
        ...(legacy && { legacy }),
      },
      routes: (app, door) =>
        void app.get('/payout', door.require({}), (_req, res) => void res.send('paid')),
    });
  const counting = (answer: LegacyFunction) => {
    const asked: string[] = [];
    const legacy: LegacyFunction = (subject) => {
      asked.push(subject.id);
      return answer(subject);
    };
    return { legacy, asked };
  };
  const totpCode = () => authenticator(KEY, { now: () => world().clock.now() }).code();
  async function signedIn(app: Browser['target'], user = SUBJECT.id): Promise<Browser> {
    const browser = new Browser(app);
    await browser.login(user);
    return browser;
  }
  async function enters(app: Browser['target'], user = SUBJECT.id): Promise<boolean> {
    const browser = await signedIn(app, user);
    await browser.post(CHALLENGE, { code: totpCode(), _csrf: await browser.csrf() });
    return (await browser.get('/reports')).status === 200;
  }

  it('gets in with what they had, is asked about once, and keeps their epoch', async () => {
    const { legacy, asked } = counting(async () => HAD);
    const { app, events } = await hosted(legacy);
    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    await browser.post(CHALLENGE, { code: totpCode(), _csrf: await browser.csrf() });
    for (let n = 0; n < 3; n += 1) assert.equal((await browser.get('/reports')).status, 200);
    assert.deepEqual(asked, [SUBJECT.id]);
    const { epoch, enrollments } = await world().store.readSubject(SUBJECT.id);
    assert.deepEqual([epoch, enrollments.map(({ label }) => label)], [0, ['Old phone']]);
    const told = events.filter(({ type }) => type === 'enrollment.imported');
    assert.deepEqual(
      told.map(({ enrollments: named }) => named?.map(({ label }) => label)),
      [['Old phone']],
    );
    assert.doesNotMatch(JSON.stringify(events), new RegExp(KEY));
  });

  for (const [what, broken] of [
    ['throws', () => assert.fail(`${KEY} could not be read`)],
    ['rejects', async () => Promise.reject(new Error(`${KEY} could not be read`))],
    ['never answers', () => new Promise(() => {})],
    ['gives undefined', async () => undefined],
    ['gives false', async () => false],
    ['gives a list', async () => []],
    ['gives a text', async () => KEY],
    ['gives a method that there is not', async () => ({ sms: [{ secret: KEY }] })],
    ['gives a secret that is none', async () => ({ totp: [{ secret: 'not base32!' }] })],
    ['gives one sound app and one that is not', async () => ({ totp: [{ secret: KEY }, {}] })],
  ] as const) {
    it(`is told to wait where the host ${what}: never that they have nothing`, async () => {
      let answer = broken as unknown as LegacyFunction;
      const { app, errors } = await hosted((subject) => answer(subject));
      const browser = await signedIn(app);
      const asked = async (path: string) => [
        (await browser.get(path)).status,
        (await browser.json('get', path)).status,
      ];
      for (const path of [
        '/reports',
        '/two-factor/activate',
        ACTIVATE,
        CHALLENGE,
        '/two-factor/profile',
        '/api/me',
      ]) {
        assert.deepEqual(await asked(path), [503, 503], path);
      }
      for (const path of [ACTIVATE, CHALLENGE, `${ACTIVATE}/begin`]) {
        const { status, text } = await browser.post(path, { code: totpCode(), _csrf: 'x' });
        assert.ok(status >= 400, `${path}: ${status}`);
        assert.doesNotMatch(text, new RegExp(KEY));
      }
      const [error] = errors;
      assert.ok(error instanceof SallyportError && error.code === 'ERR_LEGACY', String(error));
      assert.doesNotMatch(error.message, new RegExp(`${KEY}|base32!`));
      const { enrollments, legacyDue } = await world().store.readSubject(SUBJECT.id);
      assert.deepEqual([enrollments, legacyDue], [[], true]);
      answer = async () => HAD;
      assert.equal(await enters(app), true);
    });
  }

  for (const [what, nothing] of [
    ['null', null],
    ['no factors', {}],
    ['empty lists', { totp: [], recoveryCodes: [] }],
    ['codes without a factor', { recoveryCodes: ['a1b2c3d4'] }],
  ] as const) {
    it(`activates something where they had nothing: ${what}; and is not asked about again`, async () => {
      const { legacy, asked } = counting(async () => nothing);
      const { app } = await hosted(legacy);
      const browser = await signedIn(app);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
      await browser.activateHere(world().clock.now());
      const other = await hosted(legacy);
      await (await signedIn(other.app)).get('/reports');
      assert.deepEqual(asked, [SUBJECT.id]);
    });
  }

  it('is asked about once by requests at the same moment', async () => {
    const { legacy, asked } = counting(async () => HAD);
    const { app } = await hosted(legacy);
    const browsers = await Promise.all(Array.from({ length: 4 }, () => signedIn(app)));
    const answers = await Promise.all(
      browsers.flatMap((one) => [one.get('/reports'), one.get('/two-factor/activate')]),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [303]);
    assert.ok(answers.every(({ headers }) => !String(headers.location).endsWith('/activate')));
    assert.equal(asked.length, 1);
  });

  it('has it once where two processes ask at the same moment', async () => {
    let both: () => void = () => {};
    const met = new Promise<void>((resolve) => {
      both = resolve;
    });
    const { legacy, asked } = counting(async () => {
      if (asked.length === 2) both();
      await met;
      return HAD;
    });
    const hosts = [await hosted(legacy), await hosted(legacy)];
    const browsers = await Promise.all(hosts.map(({ app }) => signedIn(app)));
    const answers = await Promise.all(browsers.map((one) => one.get('/reports')));
    for (const { headers } of answers) assert.equal(headers.location, '/two-factor/challenge');
    assert.equal((await world().store.readSubject(SUBJECT.id)).enrollments.length, 1);
    const told = hosts.flatMap(({ events }) => events.map(({ type }) => type));
    assert.equal(told.filter((type) => type === 'enrollment.imported').length, 1);
  });

  it('does not get back what was lost: reset before their first login', async () => {
    const { legacy, asked } = counting(async () => HAD);
    const { app, door } = await hosted(legacy);
    await door.subjects.reset(SUBJECT);
    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    assert.deepEqual(asked, []);
  });

  it('does not get it back after a reset, a removal, or when they were deleted', async () => {
    const { legacy, asked } = counting(async () => HAD);
    const { app, door } = await hosted(legacy);
    for (const [at, take] of [
      (id: string) => door.subjects.reset({ id, tenantId: 'acme' }),
      (id: string) => door.subjects.delete({ id, tenantId: 'acme' }),
      async (id: string) => {
        const { enrollments, epoch } = await world().store.readSubject(id);
        assert.ok(await world().store.unenroll(id, String(enrollments[0]?.id), epoch));
      },
    ].entries()) {
      const id = `gone${at}@acme`;
      assert.equal(await enters(app, id), true);
      await take(id);
      const browser = await signedIn(app, id);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate', id);
      assert.deepEqual((await world().store.readSubject(id)).enrollments, []);
    }
    assert.equal(asked.length, 3);
  });

  it('does not get it back where the reset comes while the host is asked', async () => {
    const { app } = await hosted(async () => {
      await world().store.reset(SUBJECT.id);
      return HAD;
    });
    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).status, 303);
    const { enrollments, epoch } = await world().store.readSubject(SUBJECT.id);
    assert.deepEqual([enrollments, epoch], [[], 1]);
  });

  it('is asked for it where two-factor is optional, and by a route where it is off', async () => {
    for (const mode of ['optional', 'off'] as const) {
      const { app } = await hosted(async () => HAD, mode);
      const user = `${mode}@acme`;
      const browser = await signedIn(app, user);
      const { headers } = await browser.get(mode === 'off' ? '/payout' : '/reports');
      assert.equal(headers.location, '/two-factor/challenge', mode);
      // Nor is anything activated beside it on the password alone.
      const { status } = await browser.post(ACTIVATE, { code: '1', _csrf: await browser.csrf() });
      assert.notEqual(status, 200);
      const { enrollments } = await world().store.readSubject(user);
      assert.deepEqual(
        enrollments.map(({ label }) => label),
        ['Old phone'],
      );
    }
  });

  it('cannot be got around by what was begun on the password alone before', async () => {
    const before = await hosted(undefined);
    const thief = await signedIn(before.app);
    const { csrfToken: _csrf, enrollment, key } = (await thief.json('get', ACTIVATE)).body;
    const { app } = await hosted(async () => HAD);
    await (await signedIn(app)).get('/reports');
    const code = authenticator(key, { now: () => world().clock.now() }).code();
    await thief.post(ACTIVATE, { code, enrollment, _csrf });
    assert.notEqual((await thief.get('/reports')).status, 200);
    const { enrollments } = await world().store.readSubject(SUBJECT.id);
    assert.deepEqual(
      enrollments.map(({ label }) => label),
      ['Old phone'],
    );
  });

  it('is not asked about who has something here, or was imported', async () => {
    const { legacy, asked } = counting(async () => HAD);
    const before = await hosted(undefined);
    await new Browser(before.app).activate(SUBJECT.id, world().clock.now());
    const { app, door } = await hosted(legacy);
    const other = { id: 'user2@acme', tenantId: 'acme' };
    await door.subjects.import(other, HAD);
    for (const id of [SUBJECT.id, other.id]) await (await signedIn(app, id)).get('/reports');
    assert.deepEqual(asked, []);
  });

  it('is asked about where a token is checked that was made before', async () => {
    const before = await world().host({
      policy: () => ({ mode: 'optional', methods: ['totp'] }),
      routes: (app, door) =>
        void app.get('/token', async (req, res) => void res.json(await door.token.issue(req))),
    });
    const browser = await signedIn(before.app);
    const { token } = (await browser.json('get', '/token')).body;
    const find = () => ({ ...SUBJECT, label: SUBJECT.id });
    assert.equal((await before.door.token.check(token, find)).valid, true);
    const { door } = await hosted(async () => HAD, 'optional');
    const { valid, why } = await door.token.check(token, find);
    assert.deepEqual([valid, why], [false, 'not-proven']);
  });

  it('has their recovery codes too', async () => {
    const { app } = await hosted(async () => ({ ...HAD, recoveryCodes: ['a1b2c3d4'] }));
    const browser = await signedIn(app);
    await browser.get('/reports');
    const page = '/two-factor/challenge/recovery-code';
    await browser.post(page, { code: 'A1B2-C3D4', _csrf: await browser.csrf() });
    assert.equal((await browser.get('/reports')).status, 200);
  });
});
