import assert from 'node:assert/strict';
import { authenticator, testClock } from 'sallyport/testing';

/** RFC 6238, appendix B: the secret is these digits, repeated to the length of the hash. */
const SECRETS = {
  sha1: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  sha256: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA',
  sha512:
    'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA',
};

const uri = (query: string) => `otpauth://totp/Test%20Console:user1%40acme.example?${query}`;

describe('authenticator()', () => {
  for (const [algorithm, seconds, code] of [
    ['sha1', 59, '94287082'],
    ['sha256', 59, '46119246'],
    ['sha512', 59, '90693936'],
    ['sha1', 1111111109, '07081804'],
    ['sha256', 20000000000, '77737706'],
  ] as const) {
    it(`shows the code of RFC 6238 for ${algorithm} at ${seconds} s, from a URI`, () => {
      const query = `secret=${SECRETS[algorithm]}&algorithm=${algorithm.toUpperCase()}&digits=8`;
      const app = authenticator(uri(query));
      assert.equal(app.code(seconds * 1000), code);
      assert.deepEqual([app.algorithm, app.digits, app.period], [algorithm, 8, 30]);
    });
  }

  it('takes the manual key with its spaces, in small letters, and without either', () => {
    const spaced = SECRETS.sha1.replace(/.{4}(?=.)/g, '$& ');
    for (const key of [spaced, SECRETS.sha1, spaced.toLowerCase(), `${SECRETS.sha1}====`]) {
      assert.equal(authenticator(key).code(59_000), '287082');
    }
  });

  it('shows the codes around a time, and a wrong one', () => {
    const app = authenticator(SECRETS.sha1);
    const at = 1_111_111_109_000;
    const [before, present, after] = app.codesAround(at);
    assert.deepEqual(
      [before, present, after],
      [app.code(at - 30_000), app.code(at), app.code(at + 30_000)],
    );
    assert.equal(new Set([before, present, after]).size, 3);
    assert.match(app.wrongCode(at), /^\d{6}$/);
    assert.ok(!app.codesAround(at).includes(app.wrongCode(at)));
  });

  it('goes by the clock that it is given', () => {
    const clock = testClock();
    const app = authenticator(SECRETS.sha1, clock);
    const first = app.code();
    assert.equal(first, app.code(clock.now()));
    clock.advance('30s');
    assert.notEqual(app.code(), first);
    assert.equal(app.codesAround()[0], first);
  });

  for (const [what, key] of [
    ['a short key', 'ABCDEFGH'],
    ['letters that base32 does not have', 'GEZDGNBVGY3TQOJ1'],
    ['a URI of the other kind', uri('secret=HUNTERHUNTERHUNTER').replace('totp', 'hotp')],
    ['an algorithm nobody has', uri('secret=HUNTERHUNTERHUNTER&algorithm=MD5')],
    ['seven digits', uri('secret=HUNTERHUNTERHUNTER&digits=7')],
    ['a period of nothing', uri('secret=HUNTERHUNTERHUNTER&period=0')],
    ['nothing', undefined],
  ] as const) {
    it(`refuses ${what}, without repeating it`, () => {
      assert.throws(
        () => authenticator(key as string),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ERR_OPTION');
          return !/HUNTER|GEZD|ABCD/.test(error.message);
        },
      );
    });
  }
});

describe('testClock()', () => {
  it('stands still until it is told to go on', () => {
    const { now, advance } = testClock(1000);
    assert.equal(now(), 1000);
    advance(500);
    advance('2m');
    advance(-100);
    assert.equal(now(), 1000 + 500 + 120_000 - 100);
  });

  it('refuses what is no time', () => {
    const { advance } = testClock();
    for (const by of [Number.NaN, '5 minutes', '']) {
      assert.throws(() => advance(by as '5m'), { code: 'ERR_OPTION' });
    }
  });
});
