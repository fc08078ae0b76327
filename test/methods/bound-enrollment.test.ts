import assert from 'node:assert/strict';
import {
  type MethodEnrollment,
  memoryStore,
  type RefusalReason,
  RequestError,
  type SecondFactorStore,
  type Verdict,
} from 'sallyport';
import type { Attempt } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { attempts } from '../../src/methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import type { Begun, EnrollableMethod } from '../../src/methods/bound-method.js';
import { emailCode } from '../journeys/email-code.js';
import { KEY, testClock } from '../support/app.js';
import { boundEnrollable } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';

const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };

const THROWN = /^email-code\.enrollment\.\w+\(\) threw an error$/;
const NONSENSE = /^email-code\.enrollment\.\w+\(\) must answer \{ /;

/** What a method may do in the place of an answer, and what is said of it. */
const FAILING: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'throws',
    () => {
      throw new TypeError('a bug with user1’s address');
    },
    THROWN,
  ],
  ['rejects', () => Promise.reject(new Error('a bug')), THROWN],
  ['hangs', () => new Promise(() => {}), /did not answer within 20 ms$/],
];
const NO_ANSWER: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['answers nothing', () => undefined, NONSENSE],
  ['answers true', () => true, NONSENSE],
  ['answers a text', () => 'accepted', NONSENSE],
  ['answers a promise of nonsense', async () => ({ kind: 'verified' }), NONSENSE],
];

describe('the activation of a method of somebody else’s', () => {
  let clock: ReturnType<typeof testClock>;
  let store: SecondFactorStore;
  let mails: string[];

  beforeEach(() => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    mails = [];
  });

  const email = emailCode({
    addressOf: ({ label }) => label,
    send: async (_address, code) => void mails.push(code),
  });

  /** Its enrollment with `more` in the place of what is sound. */
  function method(more: object = {}, challengeMs = 600_000): EnrollableMethod {
    const enrollment = { ...email.enrollment, ...more } as MethodEnrollment<never>;
    const options = { store, keyring: keyring([KEY]), timeoutMs: 20 };
    return boundEnrollable({ ...email, challengeMs, enrollment }, options);
  }
  const attempt = async (input: Attempt['input'] = {}): Promise<Attempt> => {
    const { epoch, enrollments } = await store.readSubject('user1');
    const policy = parsePolicy({ mode: 'required' }, ['email-code']);
    const who = { subject, policy, session: 'session-1', issuer: 'Console' };
    return { ...who, epoch, enrollments, input };
  };
  const begin = async (made = method()) =>
    made.enrollment.begin(await attempt(), { basis: 'first', restart: true });
  async function begun(made = method()): Promise<Begun> {
    const found = await begin(made);
    assert.ok(found);
    return found;
  }
  const confirm = async (made: EnrollableMethod, enrollment: string): Promise<Verdict> =>
    attempts({ store, limits: ATTEMPT_LIMITS, audit: { record: () => {} } })(
      made,
      { kind: 'confirm', replaces: null },
      await attempt({ code: mails.at(-1), enrollment }),
      null,
    );
  const enrollments = async () => (await store.readSubject('user1')).enrollments;

  for (const [how, does, message] of FAILING) {
    it(`that ${how} is not begun, and is a 503 that names it`, async () => {
      await assert.rejects(begin(method({ begin: does })), {
        ...{ name: 'UnavailableError', code: 'ERR_METHOD', status: 503, message },
      });
      assert.equal(await store.resumeEnrollment('user1', 'session-1'), null);
    });
  }

  for (const [how, does, message] of [...FAILING, ...NO_ANSWER]) {
    it(`that ${how} where it asks shows nothing, and is a 503 that names it`, async () => {
      const { prompt } = await begun(method({ prompt: does }));
      await assert.rejects(prompt(), {
        ...{ name: 'UnavailableError', code: 'ERR_METHOD', status: 503, message },
      });
    });

    it(`that ${how} is confirmed by nothing, and stays what it was`, async () => {
      const { id, prompt } = await begun();
      await prompt();
      const verdict = await confirm(method({ confirm: does }), id);
      assert.ok(verdict.kind === 'unavailable');
      const { code, message: said } = verdict.cause as { code: string; message: string };
      assert.equal(code, 'ERR_METHOD');
      assert.match(said, message);
      assert.deepEqual(await enrollments(), []);
      assert.equal((await confirm(method(), id)).kind, 'verified', 'the answer is not used up');
    });
  }

  it('that asks for what is no prompt shows nothing', async () => {
    for (const prompt of [
      ...[{ kind: 'form' }, { kind: 'form', title: 5 }, { kind: 'page', title: 'Enter it' }],
      ...[{ kind: 'leave' }, { kind: 'leave', url: '/relative' }],
    ]) {
      const asked = (await begun(method({ prompt: () => prompt }))).prompt();
      await assert.rejects(asked, { code: 'ERR_METHOD', message: NONSENSE });
    }
  });

  it('that has a bug tells of it to the host alone', async () => {
    const cause = new TypeError('a bug with user1’s address');
    const { prompt } = await begun(method({ prompt: () => Promise.reject(cause) }));
    await assert.rejects(prompt(), (error: Error) => {
      assert.equal(error.cause, cause);
      assert.doesNotMatch(error.message, /address/);
      return true;
    });
  });

  it('answers itself what it throws on purpose', async () => {
    const refusal = new RequestError(409, 'no_address', 'There is no address of yours.');
    const refuses = () => Promise.reject(refusal);
    await assert.rejects(begin(method({ begin: refuses })), refusal);
  });

  it('says why it is refused in words that there are, and in no others', async () => {
    const { id, prompt } = await begun();
    await prompt();
    for (const reason of Object.keys(email.words.refused) as RefusalReason[]) {
      const refusing = method({ confirm: () => ({ kind: 'rejected', reason }) });
      assert.deepEqual(await confirm(refusing, id), { kind: 'rejected', reason });
      await store.unlock('user1');
    }
    for (const reason of [undefined, 'because', 'toString', '__proto__']) {
      const refusing = method({ confirm: () => ({ kind: 'rejected', reason }) });
      assert.equal((await confirm(refusing, id)).kind, 'unavailable', String(reason));
      await store.unlock('user1');
    }
  });

  it('is confirmed once of two right answers at the same moment', async () => {
    const made = method();
    const { id, prompt } = await begun(made);
    await prompt();
    const verdicts = await Promise.all([confirm(made, id), confirm(made, id)]);
    assert.deepEqual(verdicts.map(({ kind }) => kind).sort(), ['rejected', 'verified']);
    assert.equal((await enrollments()).length, 1);
  });

  it('is confirmed by no right answer that comes after the deadline', async () => {
    const { id, prompt } = await begun();
    await prompt();
    let answer = (_late: unknown): void => {};
    const late = new Promise((resolve) => {
      answer = resolve;
    });
    assert.equal((await confirm(method({ confirm: () => late }), id)).kind, 'unavailable');
    answer({ kind: 'accepted' });
    await late;
    assert.deepEqual(await enrollments(), []);
    assert.equal((await confirm(method(), id)).kind, 'verified', 'the answer is not used up');
  });

  it('is confirmed by no right answer whose code has run out while it was compared', async () => {
    const slow = {
      confirm() {
        clock.advance(1000);
        return { kind: 'accepted' };
      },
    };
    const made = method(slow, 1000);
    const { id, prompt } = await begun(made);
    await prompt();
    assert.deepEqual(await confirm(made, id), { kind: 'rejected', reason: 'replayed' });
    assert.deepEqual(await enrollments(), []);
  });

  it('is confirmed by no answer to another enrollment, nor to one that is gone', async () => {
    const made = method();
    const older = await begun(made);
    await older.prompt();
    const newer = await begun(made);
    await newer.prompt();
    const superseded = { kind: 'rejected', reason: 'superseded' };
    assert.deepEqual(await confirm(made, older.id), superseded);
    await store.reset('user1');
    assert.deepEqual(await confirm(made, newer.id), superseded);
    assert.deepEqual(await enrollments(), []);
  });

  it('is confirmed by nothing that was asked for elsewhere: it is asked for first', async () => {
    const made = method();
    const { id } = await begun(made);
    await made.challenge(await attempt());
    assert.deepEqual(await confirm(made, id), { kind: 'rejected', reason: 'expired' });
  });

  it('hands nothing over where its method does not', async () => {
    const made = method();
    assert.equal(made.enrollment.handsOver, null);
    const { handOver } = await begun(made);
    await assert.rejects(handOver(), { status: 422, error: 'method_not_accepted' });
  });
});

describe('a method that rests on somebody else’s word', () => {
  const other = { id: 'user1', tenantId: 'globex', label: 'user1@acme.example' };

  it('counts how many of it somebody has by whose word they are', async () => {
    const clock = testClock();
    const store = memoryStore({ now: clock.now });
    let authority = '@one';
    const { start: _, ...sent } = emailCode({ addressOf: () => 'user1', send: async () => {} });
    const method = boundEnrollable(
      {
        ...sent,
        ...{ scope: 'organization', throttle: 'none', atMost: 2 },
        enrollment: {
          begin: () => ({ parameters: authority }),
          prompt: () => ({ kind: 'form', title: 'Activate' }),
          confirm: () => ({ kind: 'accepted' }),
        },
      },
      { store, keyring: keyring([KEY]) },
    );
    const run = attempts({ store, limits: ATTEMPT_LIMITS, audit: { record: () => {} } });

    async function activate(subject = other, replaces: string | null = null): Promise<Verdict> {
      const { epoch, enrollments } = await store.readSubject(subject.id);
      const attempt: Attempt = {
        ...{ subject, epoch, enrollments, session: 'session-1', issuer: 'Console', input: {} },
        policy: parsePolicy({ mode: 'required', methods: ['email-code'] }, ['email-code']),
      };
      const basis = enrollments.length > 0 ? 'proven' : 'first';
      const begun = await method.enrollment.begin(attempt, { basis, restart: true });
      assert.ok(begun);
      const input = { code: '1', enrollment: begun.id };
      return run(method, { kind: 'confirm', replaces }, { ...attempt, input }, null);
    }

    const tooMany = { kind: 'rejected', reason: 'superseded', detail: 'too many' };
    const [first, second] = [await activate(), await activate()];
    assert.deepEqual([first.kind, second.kind], ['verified', 'verified']);
    assert.deepEqual(await activate(), tooMany);
    const replaced = first.kind === 'verified' ? first.enrollmentId : '';
    assert.equal((await activate(other, replaced)).kind, 'verified');
    authority = '@two';
    assert.equal((await activate()).kind, 'verified');
    assert.equal((await activate()).kind, 'verified');
    assert.deepEqual(await activate(), tooMany);
  });
});
