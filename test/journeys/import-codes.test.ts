import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { type LegacyHash, recoveryCodes, SallyportError, totp } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { Browser, recoveryCodesOn } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const SUBJECT = { id: 'user1@acme', tenantId: 'acme' };
const CODES = '/two-factor/challenge/recovery-code';
const APP = '/two-factor/challenge/totp';
const KEY = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const TOTP = [{ secret: KEY }];
const OWN = '7K2M-9QXD-PT4R-0HZC';

/** Hashes as another app may have kept them: salted, and slow. */
const hashed = (code: string) => {
  const salt = code.slice(0, 2);
  return { hash: `$scrypt$${salt}$${scryptSync(code, salt, 16, { N: 16 }).toString('hex')}` };
};
const verify: LegacyHash['verify'] = async (code, hash) => hash === hashed(code.toLowerCase()).hash;

journeys('recovery codes that somebody has had elsewhere', (world) => {
  const hosted = (legacyHash?: LegacyHash, methodTimeout: '20s' | '50ms' = '20s') =>
    world().host({
      policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
      options: {
        methods: [totp(), recoveryCodes({ ...(legacyHash && { legacyHash }) })],
        methodTimeout,
      },
    });

  async function answers(app: Browser['target'], page: string, code: string, user = SUBJECT.id) {
    const browser = new Browser(app);
    await browser.login(user);
    const { status, text } = await browser.post(page, { code, _csrf: await browser.csrf() });
    const inside = (await browser.get('/reports')).status === 200;
    return { status, text, inside, browser };
  }
  const recovers = (app: Browser['target'], code: string, user?: string) =>
    answers(app, CODES, code, user);
  const totpCode = () => authenticator(KEY, { now: () => world().clock.now() }).code();

  it('let each in once, whatever their form, and are counted as ours are', async () => {
    const { app, door, events } = await hosted();
    const plain = ['a1b2c3d4', 'ZxCv-9876', OWN, 'QWERT-yuiop'];
    const result = await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: plain });
    assert.deepEqual(
      result.factors.map(({ method, outcome }) => [method, outcome]),
      [
        ['totp', 'added'],
        ['recovery-code', 'added'],
      ],
    );
    assert.equal((await door.subjects.status(SUBJECT.id)).recoveryCodesLeft, 4);
    for (const [typed, left] of [
      ['A1B2 c3d4', 3],
      [OWN.toLowerCase(), 2],
      ['zxcv9876', 1],
    ] as const) {
      const { text, inside } = await recovers(app, typed);
      assert.equal(inside, true, typed);
      assert.match(text, new RegExp(`<strong>${left}</strong>`));
      assert.equal((await recovers(app, typed)).inside, false, `${typed}, again`);
      await door.subjects.unlock(SUBJECT);
    }
    assert.equal((await recovers(app, 'a1b2c3d5')).status, 422);
    assert.doesNotMatch(JSON.stringify(events), /a1b2c3d4|ZxCv|7K2M/i);
  });

  it('are one person’s, and do not come back once they are spent', async () => {
    const { app, door } = await hosted();
    const factors = { totp: TOTP, recoveryCodes: ['a1b2c3d4', 'e5f6a7b8'] };
    await door.subjects.import(SUBJECT, factors);
    await door.subjects.import({ id: 'user2@acme', tenantId: 'acme' }, { totp: TOTP });
    assert.equal((await recovers(app, 'a1b2c3d4', 'user2@acme')).inside, false);
    assert.equal((await recovers(app, 'a1b2c3d4')).inside, true);
    const { factors: again } = await door.subjects.import(SUBJECT, factors);
    assert.deepEqual(
      again.map(({ outcome }) => outcome),
      ['present', 'present'],
    );
    assert.equal((await recovers(app, 'a1b2c3d4')).inside, false);
    assert.equal((await door.subjects.status(SUBJECT.id)).recoveryCodesLeft, 1);
  });

  it('are not taken over for whoever has no factor, or has made codes here', async () => {
    const { app, door } = await hosted();
    const alone = await door.subjects.import(SUBJECT, { recoveryCodes: ['a1b2c3d4'] });
    assert.equal(alone.factors[0]?.outcome, 'no-factor');
    assert.equal((await world().store.readSubject(SUBJECT.id)).recoveryCodesLeft, null);
    await new Browser(app).activate('user2@acme', world().clock.now());
    const other = { id: 'user2@acme', tenantId: 'acme' };
    const given = await door.subjects.import(other, { recoveryCodes: ['a1b2c3d4'] });
    assert.equal(given.factors[0]?.outcome, 'present');
    assert.equal((await recovers(app, 'a1b2c3d4', other.id)).inside, false);
  });

  it('go with a reset, and with new ones', async () => {
    const { app, door } = await hosted({ verify });
    const factors = { totp: TOTP, recoveryCodes: [hashed('a1b2c3d4')] };
    await door.subjects.import(SUBJECT, factors);
    await world().store.replaceRecoveryCodes(SUBJECT.id, []);
    assert.equal((await world().store.readSubject(SUBJECT.id)).foreignCodes, null);
    assert.equal((await recovers(app, 'a1b2c3d4')).inside, false);
    const other = { id: 'user2@acme', tenantId: 'acme' };
    await door.subjects.import(other, factors);
    await door.subjects.reset(other);
    assert.equal((await door.subjects.import(other, factors)).kind, 'removed');
    assert.equal((await recovers(app, 'a1b2c3d4', other.id)).inside, false);
  });

  it('are verified by the host’s function where they are hashes, and spent once', async () => {
    const { app, door } = await hosted({ verify });
    const second = await hosted({ verify });
    const codes = ['a1b2c3d4', 'e5f6a7b8', '12345678'];
    await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: codes.map(hashed) });
    assert.equal((await recovers(app, 'a1b2c3d9')).status, 422);
    const attempts = await Promise.all([
      recovers(app, ' E5F6A7B8 '),
      recovers(second.app, 'e5f6a7b8'),
      recovers(app, 'e5f6a7b8'),
    ]);
    assert.equal(attempts.filter(({ inside }) => inside).length, 1);
    await door.subjects.unlock(SUBJECT);
    assert.equal((await recovers(app, 'e5f6a7b8')).inside, false);
    const { hash } = hashed('a1b2c3d4');
    assert.equal((await recovers(app, hash)).inside, false, 'a hash is no code');
    assert.equal((await recovers(app, 'a1b2c3d4')).inside, true);
    assert.equal((await door.subjects.status(SUBJECT.id)).recoveryCodesLeft, 1);
    // Nothing of a hash stands in the store as it is.
    assert.doesNotMatch(JSON.stringify(await world().store.readSubject(SUBJECT.id)), /scrypt/);
  });

  for (const [what, broken] of [
    ['throws', () => assert.fail('a1b2c3d4 is secret')],
    ['rejects', async () => Promise.reject(new Error('a1b2c3d4 is secret'))],
    ['says yes in another way', () => 1],
    ['says nothing', () => undefined],
    ['says what can be taken for yes', async () => 'false'],
    ['never answers', () => new Promise(() => {})],
  ] as const) {
    it(`let nobody in where that function ${what}, and guesses are counted`, async () => {
      const { app, door, errors } = await hosted({ verify: broken as never }, '50ms');
      await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: [hashed('a1b2c3d4')] });
      for (let free = 0; free < ATTEMPT_LIMITS.free; free += 1) {
        const { status, inside, text } = await recovers(app, 'a1b2c3d4');
        assert.deepEqual([status, inside], [503, false]);
        assert.doesNotMatch(text, /a1b2c3d4/);
      }
      assert.equal((await recovers(app, 'a1b2c3d4')).status, 429);
      assert.equal((errors[0] as SallyportError).code, 'ERR_METHOD');
      assert.equal((await door.subjects.status(SUBJECT.id)).recoveryCodesLeft, 1);
    });
  }

  it('are new ones at the next login, where hashes came and no function verifies them', async () => {
    const { app, door } = await hosted();
    await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: [hashed('a1b2c3d4')] });
    const old = await recovers(app, 'a1b2c3d4');
    assert.deepEqual([old.status, old.inside], [422, false]);
    assert.match(old.text, /do not count any more/);
    const entered = await answers(app, APP, totpCode());
    const codes = recoveryCodesOn(entered.text);
    assert.equal(codes.length, 10);
    assert.equal((await recovers(app, String(codes[3]))).inside, true);
    // Also for a door that could verify them.
    const later = await hosted({ verify });
    assert.equal((await recovers(later.app, 'a1b2c3d4')).inside, false);
    world().clock.advance(60_000);
    assert.deepEqual(recoveryCodesOn((await answers(app, APP, totpCode())).text), []);
  });

  it('stay as they are at a login, where they can be verified', async () => {
    const { app, door } = await hosted({ verify });
    await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: [hashed('a1b2c3d4')] });
    const entered = await answers(app, APP, totpCode());
    assert.deepEqual([entered.inside, recoveryCodesOn(entered.text)], [true, []]);
    assert.equal((await recovers(app, 'a1b2c3d4')).inside, true);
  });

  it('stop after a hundred failures, where they are short enough to be guessed', async () => {
    const { app, door } = await hosted({ verify });
    const other = { id: 'user2@acme', tenantId: 'acme' };
    const third = { id: 'user3@acme', tenantId: 'acme' };
    await door.subjects.import(SUBJECT, { totp: TOTP, recoveryCodes: ['a1b2c3d4', OWN] });
    await door.subjects.import(other, { totp: TOTP, recoveryCodes: [hashed('a1b2c3d4')] });
    await door.subjects.import(third, { totp: TOTP, recoveryCodes: ['a1b2c3d4'] });
    const freely = { free: 1000, waits: [], stop: 1000 };
    for (const { id } of [SUBJECT, other]) {
      for (let n = 0; n < ATTEMPT_LIMITS.stop; n += 1) {
        await world().store.reserveAttempt(id, freely, {
          method: 'recovery-code',
          stoppable: false,
        });
      }
      assert.equal((await recovers(app, 'a1b2c3d4', id)).inside, false, id);
      world().clock.advance(ATTEMPT_LIMITS.waits.at(-1) ?? 0);
    }
    assert.equal((await recovers(app, OWN)).inside, true, 'ours cannot be guessed');
    assert.equal((await recovers(app, 'a1b2c3d4', third.id)).inside, true);
    await door.subjects.unlock(other);
    assert.equal((await recovers(app, 'a1b2c3d4', other.id)).inside, true);
  });

  for (const [what, codes, pattern] of [
    ['a short one', ['a1b-2c3'], /recoveryCodes: 0: a code has 8 to 64 .* has 6/],
    ['a long one', ['x'.repeat(65)], /recoveryCodes: 0: .* has 65/],
    ['codes and hashes', ['a1b2c3d4', hashed('e5f6a7b8')], /not both/],
    ['an empty hash', [{ hash: '' }], /recoveryCodes\.0/],
    ['a number', [12345678], /recoveryCodes\.0/],
    ['too many', Array.from({ length: 21 }, (_, n) => `a1b2c3d${n}`), /recoveryCodes: /],
    ['the method’s name', null, /no such field/],
  ] as const) {
    it(`are refused where they are not right, naming none: ${what}`, async () => {
      const { door } = await hosted();
      const given = codes
        ? { totp: TOTP, recoveryCodes: codes }
        : { 'recovery-code': ['a1b2c3d4'] };
      await assert.rejects(door.subjects.import(SUBJECT, given as never), (error) => {
        assert.ok(error instanceof SallyportError && error.code === 'ERR_IMPORT');
        assert.match(error.message, pattern);
        assert.doesNotMatch(error.message, /a1b2|a1b-|e5f6|12345678|xxxx/);
        return true;
      });
      assert.deepEqual((await world().store.readSubject(SUBJECT.id)).enrollments, []);
    });
  }
});
