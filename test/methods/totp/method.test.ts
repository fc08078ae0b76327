import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import type { Attempt, EnrollmentBasis, SecondFactorStore } from '../../../src/contracts.js';
import { keyring } from '../../../src/crypto/keyring.js';
import { activationKeyDigest, newActivationKey } from '../../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../../src/methods/attempt-limits.js';
import type { Begun } from '../../../src/methods/bound-method.js';
import { sealingContext } from '../../../src/methods/sealing-context.js';
import type { TotpParameters } from '../../../src/methods/totp/code.js';
import { totp } from '../../../src/methods/totp/method.js';
import { boundEnrollable } from '../../support/methods.js';
import { parsePolicy } from '../../support/policy.js';
import { eventually } from '../../support/redis.js';

const NOW = Date.UTC(2026, 0, 1, 0, 0, 15);
const STEP = 30_000;
const MINUTE = 60_000;
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const SHORT = { algorithm: 'sha1', digits: 6, period: 30 } as const;

describe('the TOTP method', () => {
  let now: number;
  let store: SecondFactorStore;
  let errors: unknown[];
  let keys: string[];
  let changed: Partial<SecondFactorStore>;

  beforeEach(() => {
    now = NOW;
    store = memoryStore({ now: () => now });
    errors = [];
    keys = [key(1)];
    changed = {};
  });

  const method = ({ digits, algorithm }: Pick<TotpParameters, 'digits' | 'algorithm'> = SHORT) =>
    boundEnrollable(totp({ digits, algorithm }), {
      store: { ...store, ...changed },
      keyring: keyring(keys),
      onError: (error) => void errors.push(error),
    });
  const shownBy = async (begun: Begun | null) => {
    assert.ok(begun);
    const prompt = await begun.prompt();
    assert.ok(prompt.kind === 'form' && typeof prompt.json === 'function');
    return prompt.json();
  };
  const asked = async (more: Partial<Attempt> = {}, made = method()) => {
    const prompt = await made.challenge(attempt({}, more));
    assert.ok(prompt.kind === 'form');
    return prompt.json;
  };
  const attempt = (input: Attempt['input'] = {}, more: Partial<Attempt> = {}): Attempt => ({
    ...{ subject, session: 'session-1', epoch: 0, issuer: 'Console', input },
    policy: parsePolicy({ mode: 'required' }, ['totp']),
    ...more,
  });
  async function begin(basis: EnrollmentBasis = 'first', more: object = {}, made = method()) {
    const begun = await made.enrollment.begin(attempt(), { restart: false, basis, ...more });
    assert.ok(begun);
    const shown = (await begun.handOver()).show();
    assert.ok(shown);
    const data = shown.json as { key: string; uri: string };
    const app = authenticator(data.uri, { now: () => now });
    return { begun, enrollment: begun.id, ...data, app };
  }

  async function enrolled(basis: EnrollmentBasis = 'first', made = method()) {
    const begun = await begin(basis, {}, made);
    const answer = { code: begun.app.code(), enrollment: begun.enrollment };
    const confirmed = await made.enrollment.confirm(attempt(answer), ATTEMPT_LIMITS, null);
    assert.equal(confirmed.kind, 'verified');
    now += STEP;
    return begun;
  }
  const verify = async (code: string, made = method()) =>
    made.verify(attempt({ code }), ATTEMPT_LIMITS);

  it('says what it is', async () => {
    const made = method({ ...SHORT, digits: 8 });
    const { name, title, throttle, role, scope } = made;
    assert.deepEqual(
      [name, title, throttle, role, scope],
      ['totp', 'Authenticator app', 'lockout', 'factor', 'subject'],
    );
    assert.deepEqual(await asked({}, made), { digits: 8 });
  });

  it('asks for the digits of the person’s own apps, whatever new ones get', async () => {
    const apps = (...parameters: string[]) => ({
      enrollments: parameters.map((one, at) => ({
        ...{ id: `e${at}`, method: 'totp', label: 'App', parameters: one },
        ...{ createdAt: NOW, lastUsedAt: null },
      })),
    });
    const made = method({ ...SHORT, digits: 8 });
    assert.deepEqual(await asked(apps('sha1/6/30'), made), { digits: 6 });
    assert.deepEqual(await asked(apps('sha1/8/30', 'sha256/8/30'), made), { digits: 8 });
    assert.deepEqual(await asked(apps('sha1/8/30', 'sha1/6/30'), made), {
      digits: 6,
      digitsAccepted: [6, 8],
    });
    assert.deepEqual(await asked(apps(), made), { digits: 8 });
  });

  it('tells a clock that is off by minutes from a wrong code, where the key was shown', async () => {
    const begun = await begin();
    const made = method();
    const answered = async (offMs: number, session = 'session-1') => {
      const code = authenticator(begun.uri, { now: () => now + offMs }).code();
      const input = { code, enrollment: begun.enrollment };
      return made.enrollment.confirm(attempt(input, { session }), ATTEMPT_LIMITS, null);
    };
    for (const minutes of [-61, -60, -3, -1, 1, 3, 60, 61]) {
      now += STEP;
      await store.unlock('user1');
      assert.deepEqual(await answered(minutes * MINUTE), {
        ...{ kind: 'rejected', reason: 'wrong-code', clockOffMs: minutes * MINUTE },
      });
    }
    await store.unlock('user1');
    for (const minutes of [-90, 90]) {
      assert.deepEqual(await answered(minutes * MINUTE), {
        kind: 'rejected',
        reason: 'wrong-code',
      });
    }
    // Another session was not shown the key, and would learn of a code that is still to come.
    const told = await answered(3 * MINUTE, 'session-2');
    assert.deepEqual(told, { kind: 'rejected', reason: 'wrong-code' });
    assert.deepEqual((await store.readSubject('user1')).enrollments, []);
  });

  it('tells nobody of a clock who answers for a key that was handed over', async () => {
    const begun = await begin('handover');
    const code = authenticator(begun.uri, { now: () => now - 3 * MINUTE }).code();
    const refused = await method().enrollment.confirm(
      attempt({ code, enrollment: begun.enrollment }, { session: 'session-9' }),
      ATTEMPT_LIMITS,
      null,
    );
    assert.deepEqual(refused, { kind: 'rejected', reason: 'wrong-code' });
  });

  it('tells nobody of a clock at a challenge', async () => {
    const { uri } = await enrolled();
    const code = authenticator(uri, { now: () => now - 5 * MINUTE }).code();
    assert.deepEqual(await verify(code), { kind: 'rejected', reason: 'wrong-code' });
  });

  it('takes for an answer what has six or eight digits', () => {
    const { wellFormed } = method();
    for (const code of ['123456', '12345678', '123 456', '1234-5678']) {
      assert.equal(wellFormed({ code }), true, code);
    }
    for (const code of ['12345', '1234567', '', 'abcdef', 123456, ['123456'], undefined]) {
      assert.equal(wellFormed({ code }), false, String(code));
    }
  });

  it('begins with a key that no one else has, shows it, and keeps it sealed for this enrollment', async () => {
    const { begun, enrollment, key: shown, uri } = await begin();
    const { qr, ...said } = await shownBy(begun);
    assert.ok(typeof qr === 'function');
    assert.match(qr(), /^<svg /);
    assert.deepEqual(said, {
      ...{ enrollment, key: shown, uri },
      basis: 'first',
      issuer: 'Console',
      account: 'user1@acme.example',
      ...SHORT,
      expiresAt: new Date(NOW + 10 * MINUTE),
    });
    const pending = await store.resumeEnrollment('user1', 'session-1');
    assert.ok(pending);
    const { label, parameters, session, basis, expiresAt } = pending;
    assert.deepEqual(
      [label, parameters, session, basis, expiresAt],
      ['Authenticator app', 'sha1/6/30', 'session-1', 'first', NOW + 10 * MINUTE],
    );
    const secret = keyring(keys).open(pending.sealed, sealingContext('totp', 'user1', enrollment));
    assert.equal(secret.length, 20);
    const other = await method().enrollment.begin(attempt(), { restart: true, basis: 'first' });
    assert.notEqual((await shownBy(other)).key, shown);
  });

  it('lasts as long as it is told, where it is handed over', async () => {
    await begin('handover', { lifetimeMs: 24 * 60 * MINUTE });
    const pending = await store.resumeEnrollment('user1', 'session-9');
    assert.equal(pending?.expiresAt, NOW + 24 * 60 * MINUTE);
  });

  it('begins nothing without the activation key that is demanded', async () => {
    const options = { restart: true, basis: 'activation-key' } as const;
    assert.equal(await method().enrollment.begin(attempt(), options), null);
    const digest = activationKeyDigest(keyring(keys), subject, newActivationKey());
    await store.putActivationKey('user1', { digest, lifetimeMs: MINUTE });
    assert.equal(await method().enrollment.begin(attempt(), options), null);
    assert.ok(await method().enrollment.beginByKey(attempt(), ATTEMPT_LIMITS, [digest]));
    assert.ok(await method().enrollment.begin(attempt(), options), 'and goes on from there');
  });

  it('goes on with what this session began, and with nothing of another method', async () => {
    const { key: shown } = await begin();
    const resumed = await method().enrollment.resume(attempt());
    assert.equal((await shownBy(resumed)).key, shown);
    assert.equal(await method().enrollment.resume(attempt({}, { session: 'session-2' })), null);
    changed.resumeEnrollment = async () => ({
      ...{ id: 'one', method: 'duo', label: '', sealed: new Uint8Array(), parameters: '' },
      ...{ session: 'session-1', basis: 'first', expiresAt: now + 1 },
    });
    assert.equal(await method().enrollment.resume(attempt()), null);
  });

  describe('confirming', () => {
    const confirm = async (
      input: Attempt['input'],
      { replaces = null as string | null, of = attempt(input) } = {},
    ) => method().enrollment.confirm(of, ATTEMPT_LIMITS, replaces);

    it('takes a code of the new key, which then counts as used', async () => {
      const { app, enrollment } = await begin();
      const code = app.code();
      assert.deepEqual(await confirm({ code, enrollment }), {
        ...{ kind: 'verified', enrollmentId: enrollment, epoch: 0, at: NOW },
      });
      assert.deepEqual(await verify(code), { kind: 'rejected', reason: 'replayed' });
    });

    it('takes nothing else for one', async () => {
      const { app, enrollment } = await begin();
      for (const code of ['000000', `${app.code()}00`, undefined, 5]) {
        assert.deepEqual(await confirm({ code, enrollment }), {
          ...{ kind: 'rejected', reason: 'wrong-code' },
        });
        await store.unlock('user1');
      }
    });

    it('takes the code for the form that it stands on alone', async () => {
      const first = await begin();
      for (const enrollment of ['', 'other', undefined]) {
        assert.deepEqual(await confirm({ code: first.app.code(), enrollment }), {
          ...{ kind: 'rejected', reason: 'superseded' },
        });
      }
      await store.reset('user1');
      assert.deepEqual(await confirm({ code: first.app.code(), enrollment: first.enrollment }), {
        ...{ kind: 'rejected', reason: 'superseded' },
      });
    });

    it('is void where a key is demanded by now, and it was begun without', async () => {
      const { app, enrollment } = await begin();
      const policy = parsePolicy({ mode: 'required', enrollment: 'activation-key' }, ['totp']);
      const input = { code: app.code(), enrollment };
      assert.deepEqual(await confirm(input, { of: attempt(input, { policy }) }), {
        ...{ kind: 'rejected', reason: 'superseded' },
      });
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });

    it('is over at its end, and says so', async () => {
      const { app, enrollment } = await begin();
      now += 10 * MINUTE;
      assert.deepEqual(await confirm({ code: app.code(), enrollment }), {
        ...{ kind: 'rejected', reason: 'expired' },
      });
    });

    it('replaces the one that it is to replace', async () => {
      const old = await enrolled();
      const { app, enrollment } = await begin('proven');
      const replaced = await confirm(
        { code: app.code(), enrollment },
        { replaces: old.enrollment },
      );
      assert.equal(replaced.kind === 'verified' && replaced.epoch, 1);
      const { enrollments } = await store.readSubject('user1');
      assert.deepEqual(
        enrollments.map(({ id }) => id),
        [enrollment],
      );
    });
  });

  describe('verifying', () => {
    it('takes the code of whichever of several apps, once', async () => {
      const [one, two] = [await enrolled(), await enrolled('proven')];
      for (const { app, enrollment } of [two, one]) {
        const code = app.code();
        assert.deepEqual(await verify(code), {
          ...{ kind: 'verified', enrollmentId: enrollment, epoch: 0, at: now },
        });
        assert.deepEqual(await verify(code), { kind: 'rejected', reason: 'replayed' });
      }
      assert.deepEqual(await verify('000000'), { kind: 'rejected', reason: 'wrong-code' });
    });

    it('reads each with the digits that it was made with', async () => {
      const long = method({ ...SHORT, digits: 8, algorithm: 'sha256' });
      const [six, eight] = [await enrolled(), await enrolled('proven', long)];
      assert.equal(eight.app.code().length, 8);
      assert.equal((await verify(eight.app.code(), method())).kind, 'verified');
      assert.equal((await verify(six.app.code(), long)).kind, 'verified');
      now += STEP;
      assert.equal((await verify(eight.app.code().slice(2))).kind, 'rejected');
    });

    it('counts for nothing where the session is ended at the same moment', async () => {
      const { app } = await enrolled();
      const { judgeAttempt } = store;
      changed.judgeAttempt = async (...given) => {
        await store.raiseEpoch('user1');
        return judgeAttempt(...given);
      };
      const code = app.code();
      assert.deepEqual(await verify(code), {
        ...{ kind: 'rejected', reason: 'ended' },
      });
    });
  });

  describe('under a newer key', () => {
    const sealedNow = async () => {
      const reservation = await store.reserveAttempt('user1', ATTEMPT_LIMITS, {
        ...{ method: 'totp', stoppable: true },
      });
      await store.unlock('user1');
      assert.ok(reservation.kind === 'reserved');
      return reservation.authenticators[0]?.sealed as Uint8Array;
    };

    it('seals again what it has just opened, and nothing that is sealed under it already', async () => {
      const { app } = await enrolled();
      const before = await sealedNow();
      assert.equal((await verify(app.code())).kind, 'verified');
      assert.deepEqual(await sealedNow(), before);
      keys = [key(2), key(1)];
      now += STEP;
      assert.equal((await verify(app.code())).kind, 'verified');
      await eventually(async () => keyring([key(2)]).isCurrent(await sealedNow()));
      keys = [key(2)];
      now += STEP;
      assert.equal((await verify(app.code())).kind, 'verified');
      assert.deepEqual(errors, []);
    });

    it('seals nothing again after a wrong code', async () => {
      const { app } = await enrolled();
      const before = await sealedNow();
      keys = [key(2), key(1)];
      await verify('000000');
      await verify(String(Number(app.code()) ^ 1).padStart(6, '0'));
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(await sealedNow(), before);
    });

    it('seals again what is confirmed under it', async () => {
      const { app, enrollment } = await begin();
      keys = [key(2), key(1)];
      const input = { code: app.code(), enrollment };
      await method().enrollment.confirm(attempt(input), ATTEMPT_LIMITS, null);
      await eventually(async () => keyring([key(2)]).isCurrent(await sealedNow()));
    });

    it('lets the person in when it cannot seal again, and says so to the host', async () => {
      const { app } = await enrolled();
      keys = [key(2), key(1)];
      const down = new Error('down');
      changed.reseal = () => Promise.reject(down);
      assert.equal((await verify(app.code())).kind, 'verified');
      await eventually(() => errors.length > 0);
      assert.deepEqual(errors, [down]);
    });
  });
});
