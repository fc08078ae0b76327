import assert from 'node:assert/strict';
import express, { type Express } from 'express';
import { Passport, type Strategy } from 'passport';
import { SallyportError, type SallyportOptions, sallyport } from 'sallyport';
import { type Host, hostOptions, KEY } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const OTHER_KEY = Buffer.alloc(32, 9).toString('base64');
const STEP = 30_000;
const USER = 'user1@acme';

journeys('two doors in one process', (world) => {
  const now = () => world().clock.now();

  /** Two apps that have a Passport in common and nothing else, the second one mounted after the first. */
  async function twoDoors(second: Partial<SallyportOptions> = {}) {
    const passport = new Passport();
    const a = await world().host({ options: { passport } });
    const elsewhere = await world().elsewhere();
    const b = await world().host({
      ...elsewhere,
      options: { passport, keys: [OTHER_KEY], ...second },
    });
    return { a, b, passport };
  }

  async function challenged({ app }: Host): Promise<Browser> {
    const browser = new Browser(app);
    await browser.login(USER);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    return browser;
  }

  const typesOf = ({ events }: Host) => events.map(({ type }) => type);

  it('each open with their own codes, and not with the other’s', async () => {
    const { a, b } = await twoDoors();
    const keyOfB = await new Browser(b.app).activate(USER, now());
    const keyOfA = await new Browser(a.app).activate(USER, now());
    world().clock.advance(2 * STEP);

    const atA = await challenged(a);
    assert.equal((await atA.answerChallenge(codeAt(keyOfB, now()))).status, 422);
    assert.equal((await atA.get('/reports')).status, 303);
    assert.equal((await atA.answerChallenge(codeAt(keyOfA, now()))).status, 303);
    assert.equal((await atA.get('/reports')).status, 200);

    const atB = await challenged(b);
    assert.equal((await atB.answerChallenge(codeAt(keyOfA, now()))).status, 422);
    assert.equal((await atB.answerChallenge(codeAt(keyOfB, now()))).status, 303);
    assert.equal((await atB.get('/reports')).status, 200);
  });

  it('tell their own hosts of what happened, and count their own failures', async () => {
    const { a, b } = await twoDoors();
    await new Browser(b.app).activate(USER, now());
    const key = await new Browser(a.app).activate(USER, now());
    world().clock.advance(2 * STEP);
    const before = typesOf(b).length;

    const atA = await challenged(a);
    for (let tried = 0; tried < 5; tried += 1) await atA.answerChallenge('000000');
    assert.equal((await atA.answerChallenge(codeAt(key, now()))).status, 429);
    assert.ok(typesOf(a).includes('verification.locked'));
    assert.deepEqual(typesOf(b).slice(before), []);
    assert.equal((await b.door.subjects.status(USER)).failures, 0);
    assert.equal((await challenged(b)) instanceof Browser, true);
  });

  it('keep to themselves what is activated at the same time', async () => {
    const { a, b } = await twoDoors();
    const [atA, atB] = [new Browser(a.app), new Browser(b.app)];
    await atA.login(USER);
    await atB.login(USER);
    const [formA, formB] = [await atA.totpForm(), await atB.totpForm()];
    const crossed = await atA.post('/two-factor/activate/totp', {
      ...{ enrollment: formB.enrollment, _csrf: formA._csrf },
      code: codeAt(formB.key, now()),
    });
    assert.equal(crossed.status, 422);
    assert.equal((await atA.get('/reports')).status, 303);
    const right = await atB.post('/two-factor/activate/totp', {
      ...{ enrollment: formB.enrollment, _csrf: formB._csrf },
      code: codeAt(formB.key, now()),
    });
    assert.equal(right.status, 303);
    assert.equal((await b.door.subjects.status(USER)).enrollments.length, 1);
    assert.equal((await a.door.subjects.status(USER)).enrollments.length, 0);
  });

  it('remember a device each, on one host name: neither for the other, and neither pushes the other out', async () => {
    const policy = () => ({ ...TOTP_ONLY, rememberDeviceSeconds: 24 * 3600 });
    for (const keys of [[OTHER_KEY], [KEY]]) {
      const elsewhere = await world().elsewhere();
      const a = await world().host({ policy, sessionName: 'a' });
      const b = await world().host({
        ...elsewhere,
        ...{ policy, sessionName: 'b' },
        options: { keys, origin: 'http://localhost:3001' },
      });
      const user = `${keys[0]?.slice(0, 3)}@acme`;
      const keyOfA = await new Browser(a.app).activate(user, now());
      const keyOfB = await new Browser(b.app).activate(user, now());
      world().clock.advance(2 * STEP);
      // One jar for both, since cookies ignore ports.
      const atA = new Browser(a.app);
      await atA.login(user);
      await atA.get('/reports');
      const proof = { code: codeAt(keyOfA, now()), remember: '1', _csrf: await atA.csrf() };
      assert.equal((await atA.post('/two-factor/challenge/totp', proof)).status, 303);

      const atB = atA.copy(b.app);
      await atB.login(user);
      assert.equal((await atB.get('/reports')).headers.location, '/two-factor/challenge');
      const other = { code: codeAt(keyOfB, now()), remember: '1', _csrf: await atB.csrf() };
      assert.equal((await atB.post('/two-factor/challenge/totp', other)).status, 303);

      for (const app of [a.app, b.app, a.app]) {
        const later = atB.copy(app);
        later.cookies.delete('a');
        later.cookies.delete('b');
        await later.login(user);
        await later.get('/reports');
        assert.equal((await later.get('/reports')).status, 200);
        for (const [name, value] of later.cookies) atB.cookies.set(name, value);
      }
      const device = atB.cookies.get('sallyport.device') ?? '';
      assert.equal(device.split('.').length, 2);
      await a.door.close();
      await b.door.close();
    }
  });

  it('want a session each: the one of another door is refused by name', async () => {
    const elsewhere = await world().elsewhere();
    const second = sallyport({
      ...hostOptions(),
      ...{ store: elsewhere.store, keys: [OTHER_KEY], path: '/second' },
      onError: (error) => void errors.push(error),
    });
    const errors: unknown[] = [];
    const { app } = await world().host({
      beforeGate(app) {
        app.use(second.pages());
        app.use('/b', second.gate());
      },
    });
    const browser = new Browser(app);
    await browser.activate(USER, now());
    assert.equal((await browser.get('/reports')).status, 200);
    for (const path of ['/b/reports', '/second/challenge', '/second/activate/totp']) {
      assert.equal((await browser.get(path)).status, 503, path);
    }
    assert.equal(
      (await browser.get('/reports')).status,
      200,
      'and the first one is none the worse',
    );
    const [error, ...more] = errors;
    assert.ok(error instanceof SallyportError && error.code === 'ERR_SESSION_STORE');
    assert.match(error.message, /another door/);
    assert.deepEqual(more, [], 'told once');
  });

  it('give their strategies names only when they are asked to, and never the same ones', async () => {
    const { a, b, passport } = await twoDoors();
    const names = new Set<string>();
    const use = passport.use.bind(passport);
    passport.use = ((name: string, strategy: Strategy) => {
      names.add(name);
      return use(name, strategy);
    }) as typeof passport.use;
    await new Browser((await world().host({ options: { passport } })).app).activate(USER, now());
    assert.equal(names.size, 0);

    a.door.passport(passport);
    a.door.passport(passport);
    assert.deepEqual(
      [...names],
      ['security-key', 'totp', 'duo', 'recovery-code'].map((name) => `sallyport-${name}`),
    );
    assert.throws(
      () => b.door.passport(passport),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'ERR_OPTION' &&
        /prefix.*sallyport-security-key is another door's/.test(error.message),
    );
    b.door.passport(passport, { prefix: 'partner' });
    assert.equal(names.has('partner-totp'), true);
  });

  it('answer by name for their own people, and for nobody who is not signed in', async () => {
    const passport = new Passport();
    const elsewhere = await world().elsewhere();
    const byName = (name: string) => (app: Express) => {
      app.post('/by-name', express.urlencoded({ extended: false }), (req, res, next) =>
        passport.authenticate(name, (error: unknown, _user: unknown, info: unknown) =>
          error ? next(error) : res.json(info),
        )(req, res, next),
      );
    };
    const a = await world().host({ options: { passport }, beforeGate: byName('sallyport-totp') });
    const b = await world().host({
      ...elsewhere,
      options: { passport, keys: [OTHER_KEY] },
      beforeGate: byName('partner-totp'),
    });
    b.door.passport(passport, { prefix: 'partner' });
    a.door.passport(passport);
    const [keyOfA, keyOfB] = [
      await new Browser(a.app).activate(USER, now()),
      await new Browser(b.app).activate(USER, now()),
    ];
    world().clock.advance(2 * STEP);

    assert.equal((await new Browser(a.app).post('/by-name', { code: '000000' })).status, 401);
    const atA = await challenged(a);
    const wrong = await atA.post('/by-name', { code: codeAt(keyOfB, now()) });
    assert.equal(wrong.body.verdict.kind, 'rejected');
    const right = await atA.post('/by-name', { code: codeAt(keyOfA, now()) });
    assert.equal(right.body.verdict.kind, 'verified');
    // A verdict for the host's own use: the session is none the better for it.
    assert.equal((await atA.get('/reports')).status, 303);
    const atB = await challenged(b);
    const rightAtB = await atB.post('/by-name', { code: codeAt(keyOfB, now()) });
    assert.equal(rightAtB.body.verdict.kind, 'verified');
  });
});
