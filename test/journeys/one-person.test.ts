import assert from 'node:assert/strict';
import type { Request } from 'express';
import type { Subject } from 'sallyport';
import { subjectOf } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const [ONE, TWO] = ['user1@acme', 'user2@acme'];
const asTwo = (subject: Subject | undefined) => subject && { ...subject, id: TWO, label: TWO };

/** As libraries make them that had promises before the language did. */
const thenable: object = Object.defineProperty({}, 'then', {
  value: (_: unknown, reject: (error: Error) => void) => reject(new Error('of the host')),
});

journeys('a request', (world) => {
  const errors: unknown[] = [];
  const hear = (error: unknown) => void errors.push(error);

  beforeEach(() => {
    errors.length = 0;
    process.on('unhandledRejection', hear);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    assert.deepEqual(errors, []);
  });

  it('is of one person, whomever the host names when it is asked again', async () => {
    const calls = new WeakMap<Request, number>();
    let second = false;
    const { app } = await world().host({
      policy: () => TOTP_ONLY,
      options: {
        subject: (req) => {
          const call = (calls.get(req) ?? 0) + 1;
          calls.set(req, call);
          const subject = subjectOf(req);
          return second && call > 1 ? asTwo(subject) : subject;
        },
      },
    });
    const clock = world().clock;
    const keys = {
      [ONE]: await new Browser(app).activate(ONE, clock.now()),
      [TWO]: await new Browser(app).activate(TWO, clock.now()),
    };
    clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login(ONE);
    const _csrf = await browser.csrf();
    const answer = (key = '') => {
      const code = codeAt(key, clock.now());
      return browser.post('/two-factor/challenge/totp', { code, _csrf });
    };
    second = true;
    assert.equal((await answer(keys[TWO])).status, 422);
    second = false;
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    second = true;
    assert.equal((await answer(keys[ONE])).status, 303);
    second = false;
    const { subject, assurance } = (await browser.json('get', '/api/me')).body;
    assert.deepEqual([subject.id, assurance.length], [ONE, 1]);
    const { failures } = await world().store.readSubject(TWO);
    assert.equal(failures, 0, 'nothing was counted for the other one');
  });

  for (const [what, made] of [
    ['rejects', () => Promise.reject(new Error('of the host'))],
    [
      'rejects later',
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('of the host');
      },
    ],
    ['is no promise of ours', () => thenable],
    ['resolves', async () => ({ id: ONE, tenantId: 'acme', label: ONE })],
  ] as const) {
    it(`whose subject is a promise that ${what} is a 503 wherever it is asked for`, async () => {
      let broken = false;
      const { app } = await world().host({
        policy: () => TOTP_ONLY,
        options: {
          branding: (subject) => ({ name: subject?.tenantId ?? 'nobody' }),
          subject: ((req: Request) => (broken ? made() : subjectOf(req))) as never,
        },
        gate: { exempt: ['GET /socket'] },
        routes(app, door) {
          app.get('/socket', (req, res) => {
            door.check(req).then(
              () => res.send('known'),
              () => res.status(503).send('unknown'),
            );
          });
        },
      });
      const browser = new Browser(app);
      await browser.activate(ONE, world().clock.now());
      const _csrf = await browser.csrf();
      broken = true;
      for (const path of [
        '/reports',
        '/socket',
        '/two-factor',
        '/two-factor/challenge/totp',
        '/two-factor/profile',
        '/two-factor/duo/callback?state=x',
      ]) {
        assert.equal((await browser.get(path)).status, 503, path);
        assert.equal((await browser.json('get', path)).status, 503, path);
      }
      for (const path of ['/two-factor/challenge/totp', '/two-factor/sign-out', '/x']) {
        assert.equal((await browser.post(path, { code: '123456', _csrf })).status, 503, path);
      }
      // What needs nobody goes on: the login, the page about an end, and pages that are not there.
      assert.equal((await browser.get('/two-factor/expired')).status, 200);
      assert.equal((await browser.get('/login')).status, 200);
      assert.equal((await browser.get('/two-factor/nothing')).status, 404);
      assert.equal((await browser.post('/logout')).status, 302);
      broken = false;
      assert.equal((await browser.get('/reports')).headers.location, '/login');
    });
  }
});
