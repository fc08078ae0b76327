import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readResult } from '../../../src/methods/duo/result.js';

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const USER = 'user1@globex';

const good = {
  sub: USER,
  preferred_username: USER,
  iat: SECONDS,
  auth_time: SECONDS - 5,
  auth_result: { result: 'allow', status: 'allow', status_msg: 'Login Successful' },
  auth_context: {
    txid: '6c5f6e29-0c6c-4e7b-a6a9-7b0d7a3f5d1e',
    factor: 'duo_push',
    reason: 'user_approved',
    result: 'success',
    auth_device: { name: '+12025550101' },
  },
};
const read = (token: unknown) => readResult(token, { username: USER, now: NOW });

describe('what Duo says', () => {
  it('is an allow where all of it says so', () => {
    const result = read(good);
    assert.deepEqual(result, {
      kind: 'allow',
      device: '+12025550101',
      detail:
        'allow txid=6c5f6e29-0c6c-4e7b-a6a9-7b0d7a3f5d1e factor=duo_push reason=user_approved result=success',
    });
  });

  it('may leave out the sub and the context', () => {
    const { sub, auth_context, ...rest } = good;
    assert.deepEqual(read(rest), { kind: 'allow', device: null, detail: 'allow' });
  });

  const { preferred_username, iat, auth_time, auth_result, ...without } = good;
  const rest = { preferred_username, iat, auth_time, auth_result };
  const denied: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'allow'],
    ['no result', { ...good, auth_result: undefined }],
    ['a result that is a text', { ...good, auth_result: 'allow' }],
    ['a denied result', { ...good, auth_result: { result: 'deny', status: 'deny' } }],
    ['a result without a status', { ...good, auth_result: { result: 'allow' } }],
    ['a status without a result', { ...good, auth_result: { status: 'allow' } }],
    [
      'an allowed result that is denied',
      { ...good, auth_result: { result: 'allow', status: 'deny' } },
    ],
    [
      'a denied result that is allowed',
      { ...good, auth_result: { result: 'deny', status: 'allow' } },
    ],
    ['a result in capitals', { ...good, auth_result: { result: 'ALLOW', status: 'ALLOW' } }],
    ['a result in a list', { ...good, auth_result: { result: ['allow'], status: ['allow'] } }],
    ['true', { ...good, auth_result: { result: true, status: true } }],
    ['another person', { ...good, preferred_username: 'user2@globex' }],
    ['the same in capitals', { ...good, preferred_username: USER.toUpperCase() }],
    ['a person in a list', { ...good, preferred_username: [USER] }],
    ['nobody', { ...without, ...rest, preferred_username: undefined }],
    ['another sub', { ...good, sub: 'user2@globex' }],
    ['a null sub', { ...good, sub: null }],
    ['no iat', { ...good, iat: undefined }],
    ['an iat that is a text', { ...good, iat: String(SECONDS) }],
    ['an iat that is no number', { ...good, iat: Number.NaN }],
    ['an old iat', { ...good, iat: SECONDS - 301 }],
    ['an iat to come', { ...good, iat: SECONDS + 301 }],
    ['an iat in milliseconds', { ...good, iat: NOW }],
    ['no auth_time', { ...good, auth_time: undefined }],
    ['an old auth_time', { ...good, auth_time: SECONDS - 301 }],
    ['an auth_time to come', { ...good, auth_time: SECONDS + 301 }],
  ];
  for (const [what, token] of denied) {
    it(`is a denial for ${what}`, () => assert.equal(read(token).kind, 'deny'));
  }

  it('says which of the claims it is that denies, with what Duo says of it', () => {
    for (const [name, change] of [
      ['auth_result', { auth_result: { result: 'deny', status: 'deny' } }],
      ['preferred_username', { preferred_username: 'user2@globex' }],
      ['sub', { sub: 'user2@globex' }],
      ['iat', { iat: SECONDS - 301 }],
      ['auth_time', { auth_time: SECONDS - 301 }],
    ] as const) {
      const { detail } = read({ ...good, ...change });
      assert.match(detail, new RegExp(`^${name} txid=6c5f6e29-[\\w-]+ factor=duo_push reason=`));
    }
  });

  it('counts for five minutes, to the last of them, and on either side', () => {
    for (const seconds of [-300, 300]) {
      const token = { ...good, iat: SECONDS + seconds, auth_time: SECONDS + seconds };
      assert.equal(read(token).kind, 'allow', `${seconds} s`);
    }
  });

  it('names the phone without the spaces around it', () => {
    const auth_context = { auth_device: { name: '  My phone ' } };
    const result = read({ ...good, auth_context });
    assert.equal(result.kind === 'allow' && result.device, 'My phone');
  });

  it('is a denial for anything, unless it says allow in so many words', () => {
    fc.assert(fc.property(fc.anything(), (junk) => assert.equal(read(junk).kind, 'deny')));
    const part = fc.constantFrom(...Object.keys(good).filter((name) => !/sub|context/.test(name)));
    fc.assert(
      fc.property(part, fc.anything(), (name, junk) => {
        fc.pre(JSON.stringify(junk) !== JSON.stringify(good[name as keyof typeof good]));
        assert.equal(read({ ...good, [name]: junk }).kind, 'deny');
      }),
    );
  });

  it('reaches the trail in known words only', () => {
    const auth_context = {
      txid: 'a b\nc',
      factor: 'x'.repeat(65),
      reason: { toString: () => 'y' },
      result: '<script>',
      auth_device: { name: '   ' },
    };
    assert.deepEqual(read({ ...good, auth_context }), {
      kind: 'allow',
      device: null,
      detail: 'allow',
    });
  });
});
