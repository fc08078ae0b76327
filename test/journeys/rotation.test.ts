import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import { sessionDigest } from '../../src/session/assurance.js';
import { type Host, host, testClock } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { newKey, sallyport, sealedOf } from '../support/cli.js';
import { eventually, sharedRedis, uniquePrefix } from '../support/redis.js';
import { closeStores, openStore } from '../support/redis-store.js';
import { journeys, sessionIdOf } from '../support/worlds.js';

const STEP = 30_000;
const [oldKey, newest, unknown] = [newKey(), newKey(), newKey()];

const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

/** The sealed bytes of the one authenticator of a subject, and under which id. */
async function sealed(store: SecondFactorStore, subjectId: string) {
  const [found] = await sealedOf(store, subjectId);
  await store.unlock(subjectId);
  assert.ok(found);
  return { id: found[0], bytes: Buffer.from(found[1]) };
}

journeys('key rotation', (world) => {
  const now = () => world().clock.now();
  const withKeys = (...keys: string[]) => world().host({ options: { keys } });

  async function signIn({ app }: Host, key: string, user = 'user1@acme') {
    world().clock.advance(STEP);
    const browser = new Browser(app);
    await browser.login(user);
    const answer = await browser.answerChallenge(authenticator(key).code(now()));
    return { browser, answer };
  }
  async function assertLetsIn(one: Host, key: string, user?: string) {
    const { browser, answer } = await signIn(one, key, user);
    assert.equal(answer.status, 303, answer.text);
    assert.equal(await isInside(browser), true);
  }
  const isSealedBy = async (key: string, subject = 'user1@acme') =>
    keyring([key]).isCurrent((await sealed(world().store, subject)).bytes);

  it('lets people in at each of its steps, on processes that are a step apart', async () => {
    const before = await withKeys(oldKey);
    const key = await new Browser(before.app).activate('user1@acme', now());

    const behind = await withKeys(oldKey, newest);
    for (const one of [before, behind]) await assertLetsIn(one, key);
    assert.equal(await isSealedBy(oldKey), true);

    const inFront = await withKeys(newest, oldKey);
    // A process that is a step behind seals back under the key that is still its first.
    for (const one of [inFront, behind, inFront]) await assertLetsIn(one, key);

    await eventually(() => isSealedBy(newest));
    const alone = await withKeys(newest);
    for (const one of [inFront, alone]) await assertLetsIn(one, key);
  });

  it('seals a secret again when it is used, and never a second time', async () => {
    const key = await new Browser((await withKeys(oldKey)).app).activate('user1@acme', now());
    const rotated = await withKeys(newest, oldKey);
    await assertLetsIn(rotated, key);
    await eventually(() => isSealedBy(newest));
    const first = await sealed(world().store, 'user1@acme');
    await assertLetsIn(rotated, key);
    assert.deepEqual(await sealed(world().store, 'user1@acme'), first);
    const secret = keyring([newest]).open(
      first.bytes,
      sealingContext('totp', 'user1@acme', first.id),
    );
    assert.equal(secret.length, 20);
  });

  it('seals what was begun under the old key again when it is confirmed', async () => {
    const [before, rotated] = [await withKeys(oldKey), await withKeys(newest, oldKey)];
    const browser = new Browser(before.app);
    await browser.login('user1@acme');
    const { key, ...form } = await browser.totpForm();
    const code = authenticator(key).code(now());
    const answer = await browser
      .copy(rotated.app)
      .post('/two-factor/activate/totp', { ...form, code });
    assert.ok([200, 303].includes(answer.status), answer.text);
    await eventually(() => isSealedBy(newest));
  });

  it('does not seal again for a wrong code', async () => {
    const key = await new Browser((await withKeys(oldKey)).app).activate('user1@acme', now());
    const rotated = await withKeys(newest, oldKey);
    const browser = new Browser(rotated.app);
    await browser.login('user1@acme');
    await browser.answerChallenge(authenticator(key).wrongCode(now()));
    assert.equal(await isSealedBy(oldKey), true);
  });

  for (const [how, reseal] of [
    ['fails', () => Promise.reject(new Error('out of memory'))],
    ['never ends', () => new Promise<boolean>(() => {})],
    ['throws', () => assert.fail('broken')],
  ] as const) {
    it(`lets people in although sealing again ${how}`, async () => {
      const key = await new Browser((await withKeys(oldKey)).app).activate('user1@acme', now());
      const store = { ...world().store, reseal };
      const rotated = await world().host({ store, options: { keys: [newest, oldKey] } });
      await assertLetsIn(rotated, key);
      assert.equal(rotated.errors.length, how === 'never ends' ? 0 : 1);
      assert.equal(await isSealedBy(oldKey), true);
    });
  }

  it('takes recovery codes of the old key for as long as that is kept', async () => {
    const policy = () => ({ mode: 'required' as const, methods: ['totp', 'recovery-code'] });
    const person = new Browser((await world().host({ policy, options: { keys: [oldKey] } })).app);
    await person.activate('user1@acme', now());
    const spend = async (code: string | undefined, ...keys: string[]) => {
      const browser = new Browser((await world().host({ policy, options: { keys } })).app);
      await browser.login('user1@acme');
      const _csrf = await browser.csrf();
      await browser.post('/two-factor/challenge/recovery-code', { code: code ?? '', _csrf });
      return isInside(browser);
    };
    const [first, second] = person.recoveryCodes;
    assert.equal(await spend(first, newest, oldKey), true);
    assert.equal(await spend(first, newest, oldKey), false);
    assert.equal(await spend(second, newest), false);
  });

  describe('with a secret that does not open', () => {
    type Spoil = (own: Buffer, others: Buffer, id: string) => Uint8Array;
    const flip =
      (at: number): Spoil =>
      (own) => {
        const flipped = Buffer.from(own);
        const place = at < 0 ? flipped.length + at : at;
        flipped[place] = (flipped[place] ?? 0) ^ 0x10;
        return flipped;
      };
    const cases: Readonly<Record<string, Spoil>> = {
      'sealed by a key that is gone': (_own, _others, id) =>
        keyring([unknown]).seal(Buffer.alloc(20), sealingContext('totp', 'user1@acme', id)),
      'somebody else’s': (_own, others) => others,
      'of another enrollment': () =>
        keyring([newest]).seal(Buffer.alloc(20), sealingContext('totp', 'user1@acme', 'another')),
      'cut short by a byte': (own) => own.subarray(0, -1),
      'cut down to its header': (own) => own.subarray(0, 5),
      'a single byte': (own) => own.subarray(0, 1),
      'with a bit flipped in its version': flip(0),
      'with a bit flipped in its key id': flip(2),
      'with a bit flipped in its nonce': flip(7),
      'with a bit flipped in its ciphertext': flip(25),
      'with a bit flipped in its tag': flip(-1),
    };

    for (const [what, spoil] of Object.entries(cases)) {
      it(`(${what}) nobody is let in, and nobody is un-enrolled`, async () => {
        const { store } = world();
        const one = await withKeys(newest, oldKey);
        const key = await new Browser(one.app).activate('user1@acme', now());
        const theirs = await new Browser(one.app).activate('user2@acme', now());
        const own = await sealed(store, 'user1@acme');
        const others = await sealed(store, 'user2@acme');
        const spoiled = spoil(own.bytes, others.bytes, own.id);
        assert.equal(await store.reseal('user1@acme', own.id, own.bytes, spoiled), true);
        one.events.length = 0;

        for (const typed of [key, theirs]) {
          const { browser, answer } = await signIn(one, typed);
          assert.equal(answer.status, 503);
          assert.equal(await isInside(browser), false);
          const next = await browser.get('/reports');
          assert.equal(next.headers.location, '/two-factor/challenge', 'still enrolled');
        }
        const unavailable = one.events.filter(({ type }) => type === 'unavailable');
        assert.deepEqual(
          unavailable.map(({ subjectId, detail }) => [subjectId, detail]),
          [
            ['user1@acme', 'ERR_SEALED'],
            ['user1@acme', 'ERR_SEALED'],
          ],
        );
        assert.equal((await store.readSubject('user1@acme')).enrollments.length, 1);
        await assertLetsIn(one, theirs, 'user2@acme');

        await store.reseal('user1@acme', own.id, spoiled, own.bytes);
        await assertLetsIn(one, key);
      });
    }

    it('that was begun and not confirmed, the page shows nobody else’s key', async () => {
      const { store } = world();
      const one = await withKeys(newest);
      const [mine, theirs] = [new Browser(one.app), new Browser(one.app)];
      await mine.login('user1@acme');
      await theirs.login('user2@acme');
      const [form, other] = [await mine.totpForm(), await theirs.totpForm()];
      const pending = async (who: string, browser: Browser) => {
        const found = await store.resumeEnrollment(who, sessionDigest(sessionIdOf(browser)));
        assert.ok(found);
        return found;
      };
      const [own, others] = [
        await pending('user1@acme', mine),
        await pending('user2@acme', theirs),
      ];
      assert.equal(await store.reseal('user1@acme', own.id, own.sealed, others.sealed), true);
      const page = await mine.get('/two-factor/activate/totp');
      assert.equal(page.status, 503);
      assert.ok(!page.text.includes(other.key));
      const code = authenticator(other.key).code(now());
      const { _csrf, enrollment } = form;
      const answer = await mine.post('/two-factor/activate/totp', { _csrf, enrollment, code });
      assert.equal(answer.status, 503);
      assert.deepEqual((await store.readSubject('user1@acme')).enrollments, []);
    });
  });
});

describe('npx sallyport reseal, beside a running app', () => {
  afterEach(closeStores);

  it('leaves logins alone while it works, and the old key can go afterwards', async () => {
    const clock = testClock();
    const url = await sharedRedis();
    const prefix = uniquePrefix();
    const process = async (...keys: string[]) => {
      const options = { prefix, now: clock.now, initialize: true, allowEviction: true };
      const store = openStore(url, options);
      await store.ready();
      return host({ store, options: { keys } });
    };
    const running = await process(newest, oldKey);
    const before = await process(oldKey);
    const people = Array.from({ length: 12 }, (_, n) => `user${n}@acme`);
    const keys = new Map<string, string>();
    for (const who of people)
      keys.set(who, await new Browser(before.app).activate(who, clock.now()));

    const letsIn = async ({ app }: Host, who: string): Promise<boolean> => {
      const browser = new Browser(app);
      await browser.login(who);
      await browser.answerChallenge(authenticator(keys.get(who) ?? '').code(clock.now()));
      return isInside(browser);
    };
    clock.advance(STEP);
    const [{ code, out }, ...entered] = await Promise.all([
      sallyport(['reseal', '--redis', url, '--prefix', prefix], {
        env: { SALLYPORT_KEYS: `${newest},${oldKey}` },
      }),
      ...people.map((who) => letsIn(running, who)),
    ]);
    assert.equal(code, 0, out);
    assert.ok(entered.every(Boolean));

    clock.advance(STEP);
    const after = await process(newest);
    for (const who of people) assert.equal(await letsIn(after, who), true, who);
  });
});
