import assert from 'node:assert/strict';
import type { Express } from 'express';
import { authenticator } from 'sallyport/testing';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { methodsWith } from '../support/methods.js';
import { journeysOnAllStores } from '../support/worlds.js';

const STEP = 30_000;

journeysOnAllStores('a TOTP challenge', (world) => {
  const now = () => world().clock.now();

  async function enrolled(app: Express, user = 'user1@acme') {
    const key = await new Browser(app).activate(user, now());
    return key;
  }

  /** Somebody who has the password, at the challenge. */
  async function challenged(app: Express, user = 'user1@acme') {
    const browser = new Browser(app);
    await browser.login(user);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    return browser;
  }

  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  it('accepts the code of this step, of the one before, and of the one after', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    world().clock.advance(10 * STEP);
    for (const step of [-1, 0, 1]) {
      const browser = await challenged(app);
      const answer = await browser.answerChallenge(codeAt(key, now() + step * STEP));
      assert.equal(answer.status, 303, `step ${step}`);
      assert.equal(await isInside(browser), true, `step ${step}`);
      world().clock.advance(4 * STEP);
    }
  });

  it('asks for the digits of the person’s own app after new ones have got others, and the other way round', async () => {
    const six = await world().host();
    const eight = await world().host({
      options: { methods: methodsWith({ totp: { digits: 8, algorithm: 'sha256' } }) },
    });
    const key = await enrolled(six.app);
    const first = new Browser(eight.app);
    await first.login('user2@acme');
    const page = await first.get('/two-factor/activate/totp');
    assert.match(page.text, /<dd>SHA-256<\/dd>/);
    assert.match(page.text, /<dt>Digits<\/dt>\s*<dd>8<\/dd>/);
    const { body } = await first.json('get', '/two-factor/activate/totp');
    assert.deepEqual([body.algorithm, body.digits, body.period], ['sha256', 8, 30]);
    const app = authenticator(body.uri, { now });
    const { enrollment, csrfToken: _csrf } = body;
    const activated = await first.post('/two-factor/activate/totp', {
      ...{ code: app.code(), enrollment, _csrf },
    });
    assert.equal(activated.status, 303);

    world().clock.advance(STEP);
    const old = await challenged(eight.app);
    const asked = await old.get('/two-factor/challenge/totp');
    assert.match(asked.text, /id="code-hint">6 digits</);
    assert.equal((await old.json('get', '/two-factor/challenge/totp')).body.digits, 6);
    assert.equal((await old.answerChallenge(codeAt(key, now()))).status, 303);
    const other = await challenged(six.app, 'user2@acme');
    assert.match((await other.get('/two-factor/challenge/totp')).text, /id="code-hint">8 digits</);
    assert.equal((await other.answerChallenge(app.code())).status, 303);
  });

  it('accepts none of two steps before or after', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    world().clock.advance(10 * STEP);
    const browser = await challenged(app);
    for (const step of [-2, 2]) {
      const answer = await browser.answerChallenge(codeAt(key, now() + step * STEP));
      assert.equal(answer.status, 422, `step ${step}`);
      assert.match(answer.text, /role="alert"[\s\S]*not right/);
    }
    assert.equal(await isInside(browser), false);
  });

  for (const typed of [
    (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`,
    (code: string) => ` ${code.slice(0, 3)}-${code.slice(3)} `,
  ]) {
    it(`reads a code typed as ${JSON.stringify(typed('123456'))}`, async () => {
      const { app } = await world().host();
      const key = await enrolled(app);
      world().clock.advance(STEP);
      const browser = await challenged(app);
      assert.equal((await browser.answerChallenge(typed(codeAt(key, now())))).status, 303);
    });
  }

  it('does not accept the code with which the key was activated', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    const browser = await challenged(app);
    const answer = await browser.answerChallenge(codeAt(key, now()));
    assert.equal(answer.status, 422);
    assert.match(answer.text, /used already/);
    assert.equal(await isInside(browser), false);
  });

  it('accepts a code once, in whatever session and on whatever process it comes again', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const key = await enrolled(here.app);
    world().clock.advance(STEP);
    const code = codeAt(key, now());
    const [first, second, third] = [
      await challenged(here.app),
      await challenged(here.app),
      await challenged(there.app),
    ];
    assert.equal((await first.answerChallenge(code)).status, 303);
    for (const later of [second, third]) {
      const answer = await later.answerChallenge(code);
      assert.equal(answer.status, 422);
      assert.match(answer.text, /used already/);
      assert.equal(await isInside(later), false);
    }
  });

  it('accepts no earlier step after a later one', async () => {
    const { app } = await world().host();
    const key = await enrolled(app);
    world().clock.advance(5 * STEP);
    const earlier = codeAt(key, now());
    const first = await challenged(app);
    assert.equal((await first.answerChallenge(codeAt(key, now() + STEP))).status, 303);
    const second = await challenged(app);
    const answer = await second.answerChallenge(earlier);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /used already/);
    assert.equal(await isInside(second), false);
  });

  it('accepts one of many submissions of the same code at the same moment', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const key = await enrolled(here.app);
    world().clock.advance(STEP);
    const code = codeAt(key, now());
    const rivals = await Promise.all(
      [here, there, here, there].map(async ({ app }) => {
        const browser = await challenged(app);
        return { browser, _csrf: await browser.csrf() };
      }),
    );
    const answers = await Promise.all(
      rivals.map(({ browser, _csrf }) =>
        browser.post('/two-factor/challenge/totp', { code, _csrf }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 422, 422, 422]);
    const opened = await Promise.all(rivals.map(({ browser }) => isInside(browser)));
    assert.equal(opened.filter(Boolean).length, 1);
  });

  it('opens one session when both buttons of a double click arrive', async () => {
    const { app, events } = await world().host();
    const key = await enrolled(app);
    world().clock.advance(STEP);
    const browser = await challenged(app);
    const _csrf = await browser.csrf();
    const [left, right] = [browser.copy(), browser.copy()];
    // The codes of two steps, so that each is right for itself.
    const answers = await Promise.all([
      left.post('/two-factor/challenge/totp', { code: codeAt(key, now()), _csrf }),
      right.post('/two-factor/challenge/totp', { code: codeAt(key, now() + STEP), _csrf }),
    ]);
    assert.ok(answers.every(({ status }) => status < 500));
    assert.equal((await Promise.all([isInside(left), isInside(right)])).filter(Boolean).length, 1);
    assert.ok(events.filter(({ type }) => type === 'verification.succeeded').length >= 1);
  });

  it('does not accept another person’s code', async () => {
    const { app } = await world().host();
    await enrolled(app, 'user1@acme');
    const theirs = await enrolled(app, 'user2@acme');
    world().clock.advance(STEP);
    const browser = await challenged(app, 'user1@acme');
    assert.equal((await browser.answerChallenge(codeAt(theirs, now()))).status, 422);
    assert.equal(await isInside(browser), false);
  });

  it('does not open a secret that was moved from one subject to another', async () => {
    const { app, events } = await world().host();
    const { store } = world();
    const mine = await enrolled(app, 'thief@acme');
    await enrolled(app, 'user1@acme');
    // Whoever can write the store puts a sealed secret that they know in the place of another's.
    const judge = store.judgeAttempt.bind(store);
    store.judgeAttempt = async (subjectId, limits, attempt, judged) => {
      const own = await store.reserveAttempt('thief@acme', limits, attempt);
      assert.ok(own.kind === 'reserved');
      const { sealed } = own.authenticators[0]!;
      return judge(subjectId, limits, attempt, (theirs, subject) => {
        const authenticators = theirs.authenticators.map((one) => ({ ...one, sealed }));
        return judged({ ...theirs, authenticators }, subject);
      });
    };
    world().clock.advance(STEP);
    const browser = await challenged(app, 'user1@acme');
    const answer = await browser.answerChallenge(codeAt(mine, now()));
    assert.equal(answer.status, 503);
    assert.equal(events.at(-1)?.detail, 'ERR_SEALED');
    assert.equal(await isInside(browser), false);
  });

  it('goes on under a new key while the old one can still open', async () => {
    const [OLD, NEW] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64')) as [
      string,
      string,
    ];
    const old = await world().host({ options: { keys: [OLD] } });
    const key = await enrolled(old.app);
    const rotated = await world().host({ options: { keys: [NEW, OLD] } });
    world().clock.advance(STEP);
    const browser = await challenged(rotated.app);
    assert.equal((await browser.answerChallenge(codeAt(key, now()))).status, 303);
    assert.equal(await isInside(browser), true);

    const replaced = await world().host({
      options: { keys: [Buffer.alloc(32, 3).toString('base64')] },
    });
    world().clock.advance(STEP);
    const lost = await challenged(replaced.app);
    assert.equal((await lost.answerChallenge(codeAt(key, now()))).status, 503);
    assert.equal(await isInside(lost), false);
  });

  it('tells who, where and how it went, and never the code', async () => {
    const { app, events } = await world().host();
    const key = await enrolled(app);
    world().clock.advance(STEP);
    const browser = await challenged(app);
    const [wrong, right] = [wrongCode(key, now()), codeAt(key, now())];
    await browser.answerChallenge(wrong);
    await browser.answerChallenge(right);
    const told = events.filter(({ type }) => type.startsWith('verification.'));
    assert.deepEqual(
      told.map(({ type, subjectId, tenantId, actorId, method, detail }) => ({
        type,
        subjectId,
        tenantId,
        actorId,
        method,
        detail,
      })),
      [
        {
          type: 'verification.failed',
          subjectId: 'user1@acme',
          tenantId: 'acme',
          actorId: 'user1@acme',
          method: 'totp',
          detail: 'wrong-code',
        },
        {
          type: 'verification.succeeded',
          subjectId: 'user1@acme',
          tenantId: 'acme',
          actorId: 'user1@acme',
          method: 'totp',
          detail: null,
        },
      ],
    );
    assert.match(told[0]!.from ?? '', /127\.0\.0\.1/);
    const text = JSON.stringify(events);
    for (const secret of [wrong, right, key.replaceAll(' ', '')]) {
      assert.equal(text.includes(secret), false);
    }
  });
});
