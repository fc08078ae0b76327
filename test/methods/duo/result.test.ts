import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_ACCEPTED, type DuoAcceptedResults } from '../../../src/methods/duo/factors.js';
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
const read = (token: unknown, stepUp = false, accepted: DuoAcceptedResults = DEFAULT_ACCEPTED) =>
  readResult(token, { username: USER, now: NOW, accepted, stepUp });

describe('what Duo says', () => {
  it('is an allow where all of it says so', () => {
    const result = read(good);
    assert.deepEqual(result, {
      kind: 'allow',
      device: '+12025550101',
      loginOnly: false,
      detail:
        'allow txid=6c5f6e29-0c6c-4e7b-a6a9-7b0d7a3f5d1e factor=duo_push reason=user_approved result=success',
    });
  });

  it('may leave out the sub and the context', () => {
    const { sub, auth_context, ...rest } = good;
    assert.deepEqual(read(rest), {
      ...{ kind: 'allow', device: null, detail: 'allow' },
      // Nothing says that the person has done anything.
      loginOnly: true,
    });
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
    ['no iat', { ...good, iat: undefined }],
    ['an iat that is a text', { ...good, iat: String(SECONDS) }],
    ['an iat that is no number', { ...good, iat: Number.NaN }],
    ['an old iat', { ...good, iat: SECONDS - 301 }],
    ['an iat to come', { ...good, iat: SECONDS + 301 }],
    ['an iat in milliseconds', { ...good, iat: NOW }],
    ['no auth_time', { ...good, auth_time: undefined }],
    ['an auth_time to come', { ...good, auth_time: SECONDS + 301 }],
    ['an auth_time after the token', { ...good, auth_time: SECONDS + 61 }],
  ];
  for (const [what, token] of denied) {
    it(`is a denial for ${what}`, () => assert.equal(read(token).kind, 'deny'));
  }

  it('says which of the claims it is that denies, with what Duo says of it', () => {
    for (const [name, change] of [
      ['auth_result', { auth_result: { result: 'deny', status: 'deny' } }],
      ['preferred_username', { preferred_username: 'user2@globex' }],
      ['iat', { iat: SECONDS - 301 }],
      ['auth_time', { auth_time: SECONDS + 301 }],
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
      loginOnly: true,
      detail: 'allow',
    });
  });

  it('does not compare the sub, which is another name for whoever is known by an alias', () => {
    const { detail, kind } = read({ ...good, sub: 'Primary.Name@globex' });
    assert.equal(kind, 'allow');
    assert.match(detail, / result=success sub=Primary\.Name@globex$/);
    assert.doesNotMatch(read({ ...good, sub: 'a b <script>' }).detail, /sub=/);
    assert.equal(read({ ...good, sub: null }).kind, 'allow');
  });

  it('takes an old auth_time at login, for nothing more, and never in a step-up', () => {
    const old = { ...good, auth_time: SECONDS - 301 };
    const login = read(old);
    assert.equal(login.kind === 'allow' && login.loginOnly, true);
    assert.match(login.detail, / remembered$/);
    const stepUp = read(old, true);
    assert.equal(stepUp.kind === 'deny' && stepUp.reason, 'not-accepted');
    assert.match(stepUp.detail, /^auth_time /);
    assert.equal(read({ ...good, auth_time: SECONDS - 300 }, true).kind, 'allow');
  });

  it('takes a status of bypass, and says so', () => {
    const bypass = { ...good, auth_result: { result: 'allow', status: 'bypass' } };
    assert.match(read(bypass).detail, / status=bypass/);
    assert.equal(read(bypass).kind, 'allow');
  });

  for (const [factor, reason] of [
    ['bypass_code', 'valid_passcode'],
    ['not_available', 'bypass_user'],
    ['trusted_network', 'trusted_network'],
    ['remembered_device', 'remembered_device'],
    ['duo_push', 'remembered_device'],
    ['duo_push', 'allowed_by_policy'],
    [undefined, undefined],
    ['a_factor_of_tomorrow', 'user_approved'],
  ]) {
    it(`takes ${factor} for ${reason} at login only`, () => {
      const token = { ...good, auth_context: { ...good.auth_context, factor, reason } };
      const login = read(token);
      assert.equal(login.kind === 'allow' && login.loginOnly, true);
      const stepUp = read(token, true);
      assert.equal(stepUp.kind === 'deny' && stepUp.reason, 'not-accepted');
      const strict = read(token, false, { login: 'actual', stepUp: 'actual' });
      assert.equal(strict.kind, 'deny');
      assert.equal(read(token, true, { login: 'any', stepUp: 'any' }).kind, 'allow');
    });
  }

  it('takes the factors and reasons that are named, and no others', () => {
    const codes = { factors: ['bypass_code', 'webauthn'], reasons: ['valid_passcode'] };
    const of = (factor: string, reason: string) =>
      read({ ...good, auth_context: { factor, reason } }, true, { login: 'any', stepUp: codes })
        .kind;
    assert.equal(of('bypass_code', 'valid_passcode'), 'allow');
    assert.equal(of('webauthn_security_key', 'valid_passcode'), 'allow');
    assert.equal(of('bypass_code', 'user_approved'), 'deny');
    assert.equal(of('duo_push', 'valid_passcode'), 'deny');
  });

  it('records a key or platform authenticator as phishing-resistant', () => {
    for (const factor of [
      'webauthn_security_key',
      'webauthn_chrome_touch_id',
      'platform_authenticator',
    ]) {
      const token = { ...good, auth_context: { ...good.auth_context, factor } };
      assert.match(read(token, true).detail, / phishing-resistant$/);
    }
    assert.doesNotMatch(read(good).detail, /phishing/);
  });
});
