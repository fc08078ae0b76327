import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type Method, memoryStore, type SecondFactorStore } from 'sallyport';
import type { Attempt, Policy, VerifyContext } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { RequestError } from '../../src/errors.js';
import { attempts } from '../../src/methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { bindMethod } from '../../src/methods/bound.js';
import { type EnrollableMethod, isEnrollable } from '../../src/methods/bound-method.js';
import { emailCode } from '../journeys/email-code.js';
import { KEY, testClock } from '../support/app.js';

const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const policy: Policy = {
  ...{ mode: 'required', methods: ['email-code'], duo: null, enrollment: 'self' },
  ...{
    graceUntil: null,
    maxAgeSeconds: null,
    rememberDeviceSeconds: null,
    proofs: [],
    because: [],
  },
};

/** What the house does for whatever method. */
describe('a method of somebody else’s', () => {
  let clock: ReturnType<typeof testClock>;
  let store: SecondFactorStore;
  let mails: string[];
  let mailer: () => Promise<void>;
  let errors: unknown[];

  beforeEach(() => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    mails = [];
    errors = [];
    mailer = async () => {};
  });

  const email = emailCode({
    addressOf: ({ label }) => label,
    async send(_address, code) {
      await mailer();
      mails.push(code);
    },
  });
  function bound(more: object = {}, timeoutMs = 5000): EnrollableMethod {
    const method = bindMethod({ ...email, ...more } as Method, {
      ...{ store, keyring: keyring([KEY]), enrollmentMaxAgeMs: 600_000, timeoutMs },
      onError: (error) => void errors.push(error),
    });
    assert.ok(isEnrollable(method));
    return method;
  }
  const attempt = async (input: Attempt['input'] = {}, session = 'session-1'): Promise<Attempt> => {
    const { epoch, enrollments } = await store.readSubject('user1');
    return { subject, policy, session, epoch, enrollments, issuer: 'Console', input };
  };
  const run = async (method: EnrollableMethod, input: Attempt['input'], session?: string) =>
    attempts({ store, limits: ATTEMPT_LIMITS, audit: { record: () => {} } })(
      method,
      { kind: 'verify' },
      await attempt(input, session),
      null,
    );
  async function enrolled(): Promise<string> {
    const method = bound();
    const begun = await method.enrollment.begin(await attempt(), {
      basis: 'first',
      restart: false,
    });
    assert.ok(begun);
    await begun.prompt();
    const verdict = await attempts({ store, limits: ATTEMPT_LIMITS, audit: { record: () => {} } })(
      method,
      { kind: 'confirm', replaces: null },
      await attempt({ code: mails.at(-1), enrollment: begun.id }),
      null,
    );
    assert.equal(verdict.kind, 'verified');
    return begun.id;
  }

  const BROKEN: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'throws',
      () => {
        throw new TypeError('a bug with user1’s address');
      },
      /threw an error$/,
    ],
    ['rejects', () => Promise.reject(new Error('a bug')), /threw an error$/],
    ['hangs', () => new Promise(() => {}), /did not answer within 20 ms$/],
    ['answers nothing', () => undefined, /must answer \{ kind: /],
    ['answers true', () => true, /must answer \{ kind: /],
    ['answers a promise of nonsense', async () => ({ kind: 'verified' }), /must answer \{ kind: /],
    [
      'rejects for no reason that there is',
      () => ({ kind: 'rejected', reason: 'x' }),
      /must answer/,
    ],
  ];
  for (const [how, does, message] of BROKEN) {
    it(`that ${how} lets nobody in, and is a 503 that names it`, async () => {
      await enrolled();
      const method = bound({ verify: does }, 20);
      await method.challenge(await attempt());
      const verdict = await run(method, { code: mails.at(-1) });
      assert.equal(verdict.kind, 'unavailable');
      const cause = verdict.kind === 'unavailable' ? (verdict.cause as Error) : null;
      assert.equal(Reflect.get(Object(cause), 'code'), 'ERR_METHOD');
      assert.equal(Reflect.get(Object(cause), 'status'), 503);
      assert.match(cause?.message ?? '', /^email-code\.verify\(\) /);
      assert.match(cause?.message ?? '', message);
    });

    it(`that ${how} where it asks shows nothing, and is a 503 that names it`, async () => {
      const asked = bound({ prompt: does }, 20).challenge(await attempt());
      await assert.rejects(asked, { code: 'ERR_METHOD', status: 503, message });
    });
  }

  it('that is asked for an enrollment of nobody’s lets nobody in', async () => {
    await enrolled();
    for (const enrollmentId of [undefined, 'other', '__proto__', 5]) {
      const method = bound({ verify: () => ({ kind: 'accepted', enrollmentId }) });
      await method.challenge(await attempt());
      const verdict = await run(method, { code: '12345678' });
      assert.equal(verdict.kind, 'unavailable', String(enrollmentId));
    }
  });

  for (const more of [
    ...[{ step: Number.NaN }, { step: -1 }, { step: '5' }, { step: {} }, { loginOnly: 'false' }],
    ...[{ remember: 1 }, { detail: {} }, { label: 5 }, { enrolmentId: 'x' }, { spends: 'x' }],
  ]) {
    it(`that adds ${inspect(more)} to its yes lets nobody in`, async () => {
      const enrollmentId = await enrolled();
      const method = bound({ verify: () => ({ kind: 'accepted', enrollmentId, ...more }) });
      await method.challenge(await attempt());
      assert.equal((await run(method, { code: '12345678' })).kind, 'unavailable');
    });
  }

  it('that fails in its small parts is named too', async () => {
    const bug = () => {
      throw new TypeError('a bug');
    };
    await enrolled();
    const verdict = await run(bound({ wellFormed: bug }), { code: '12345678' });
    const cause = verdict.kind === 'unavailable' ? verdict.cause : null;
    assert.match(String(cause), /email-code\.wellFormed\(\) threw an error/);
    for (const json of [bug, async () => ({})]) {
      const made = bound({ prompt: () => ({ kind: 'form', title: 'Code', json }) });
      const prompt = await made.challenge(await attempt());
      assert.ok(prompt.kind === 'form' && typeof prompt.json === 'function');
      assert.throws(prompt.json, { code: 'ERR_METHOD', message: /^email-code\.prompt\.json\(\) / });
    }
  });

  it('opens its secrets where nothing is counted, and is not locked with others', async () => {
    const id = await enrolled();
    for (let n = 0; n < 5; n += 1) {
      await store.reserveAttempt('user1', ATTEMPT_LIMITS, { method: 'totp', stoppable: true });
    }
    const method = bound({
      ...{ throttle: 'none', start: undefined },
      verify: ({ enrollments: [one] }: VerifyContext) =>
        one?.secret().length === 0
          ? { kind: 'accepted', enrollmentId: one.id }
          : { kind: 'rejected', reason: 'wrong-code' },
    });
    const verdict = await run(method, { code: '12345678' });
    assert.equal(verdict.kind === 'verified' && verdict.enrollmentId, id);
  });

  it('begins nothing that is no enrollment', async () => {
    for (const made of [{ secret: 'text' }, { parameters: 5 }, { parameters: 'x'.repeat(33) }]) {
      const method = bound({ enrollment: { ...email.enrollment, begin: () => made } });
      await assert.rejects(
        method.enrollment.begin(await attempt(), { basis: 'first', restart: false }),
        { code: 'ERR_METHOD', message: /enrollment\.begin\(\) must answer \{ secret\?/ },
      );
    }
  });

  it('never sees what is no answer of the form that it asks for', async () => {
    await enrolled();
    let seen = 0;
    const method = bound({
      verify() {
        seen += 1;
        return { kind: 'rejected', reason: 'wrong-code' };
      },
    });
    for (const code of [undefined, null, 5, ['1'], {}, '', '  ', 'x'.repeat(41)]) {
      assert.deepEqual(await run(method, { code }), { kind: 'rejected', reason: 'malformed' });
    }
    assert.deepEqual(await run(method, Object.create({ code: '12345678' })), {
      ...{ kind: 'rejected', reason: 'malformed' },
    });
    assert.equal(seen, 0);
    assert.equal((await store.readSubject('user1')).failures, 0);
  });

  it('is started once for prompts at the same moment, and for those after it', async () => {
    await enrolled();
    const before = mails.length;
    const method = bound();
    await Promise.all(Array.from({ length: 8 }, async () => method.challenge(await attempt())));
    await method.challenge(await attempt());
    assert.equal(mails.length, before + 1);
    await method.challenge(await attempt({}, 'session-2'));
    assert.equal(mails.length, before + 2, 'another session has a challenge of its own');
  });

  it('is started again at once where that has failed', async () => {
    await enrolled();
    const before = mails.length;
    const method = bound();
    mailer = () => Promise.reject(new Error('no mail today'));
    await assert.rejects(method.challenge(await attempt()), { code: 'ERR_METHOD' });
    clock.advance(2);
    mailer = async () => {};
    await method.challenge(await attempt());
    assert.equal(mails.length, before + 1);
  });

  it('is started ten times in a quarter of an hour at most, and leaves what is good then', async () => {
    await enrolled();
    const method = bound();
    await method.challenge(await attempt());
    let refused: unknown = null;
    for (let n = 0; n < 10 && refused === null; n += 1) {
      refused = await method.restart?.(await attempt()).then(
        () => null,
        (error: unknown) => error,
      );
    }
    assert.ok(refused instanceof RequestError);
    assert.deepEqual([refused.status, refused.error], [429, 'too_many_challenges']);
    assert.ok((refused.retryAfterSeconds ?? 0) > 0);
    assert.equal(mails.length, 10);
    assert.equal((await run(method, { code: mails.at(-1) })).kind, 'verified');
    clock.advance(15 * 60_000);
    await method.challenge(await attempt());
    assert.equal(mails.length, 11);
  });

  it('keeps no more than two kilobytes of what it has started', async () => {
    const method = bound({ start: () => ({ code: 'x'.repeat(2048) }) });
    await assert.rejects(method.challenge(await attempt()), /at most 2048 bytes of JSON/);
  });

  it('answers what was started in this session, for this person, once', async () => {
    await enrolled();
    const method = bound();
    await method.challenge(await attempt());
    const code = mails.at(-1);
    assert.deepEqual(await run(method, { code }, 'session-2'), {
      ...{ kind: 'rejected', reason: 'expired' },
    });
    const verdicts = await Promise.all([run(method, { code }), run(method, { code })]);
    assert.deepEqual(verdicts.map(({ kind }) => kind).sort(), ['rejected', 'verified']);
  });
});
