import assert from 'node:assert/strict';
import { type AuditEvent, type Method, memoryStore, type SecondFactorStore } from 'sallyport';
import type { Answered, Attempt } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { attempts, type Operation } from '../../src/methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { KEY, testClock } from '../support/app.js';
import { boundEnrollable } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';

const USER = 'user1';
const subject = { id: USER, tenantId: 'acme', label: 'user1@acme.example' };
const policy = parsePolicy({ mode: 'required' }, ['counter']);
const SENTENCES = ['wrong-code', 'replayed', 'expired', 'superseded', 'denied', 'not-accepted'];
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

/** What a method keeps, is asked for anew with each answer, and knows of what there is. */
describe('a method that says what is kept', () => {
  let clock: ReturnType<typeof testClock>;
  let store: SecondFactorStore;
  let events: Partial<AuditEvent>[];
  let started: number;
  let answers: Answered;
  let seen: string[];

  beforeEach(() => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    events = [];
    seen = [];
    started = 0;
    answers = { kind: 'accepted' };
  });

  const counter: Method<number> = {
    name: 'counter',
    title: 'Counter',
    throttle: 'none',
    atMost: 3,
    challengeUse: 'once',
    challengeMs: 300_000,
    answer: { value: { maxLength: 20 } },
    words: {
      refused: Object.fromEntries(
        [...SENTENCES, 'malformed'].map((one) => [one, `Sentence ${one}.`]),
      ) as Method['words']['refused'],
      locked: 'Wait {wait}.',
      stopped: 'Stopped.',
    },
    start: () => ++started,
    async prompt({ challenge, openEnrollments }) {
      seen = (await openEnrollments()).map(({ secret, parameters }) => text(secret()) + parameters);
      return { kind: 'form', title: 'Counter', json: { challenge } };
    },
    verify: ({ enrollments: [own] }) =>
      answers.kind === 'accepted' ? { ...answers, enrollmentId: own?.id ?? '' } : answers,
    enrollment: {
      begin: () => ({}),
      async prompt({ challenge, openEnrollments }) {
        seen = (await openEnrollments()).map(({ secret }) => text(secret()));
        return { kind: 'form', title: 'Counter', json: { challenge } };
      },
      confirm: () => answers,
    },
  };
  const bound = () => boundEnrollable(counter as Method, { store, keyring: keyring([KEY]) });

  async function attempt(input: Attempt['input'] = {}): Promise<Attempt> {
    const { epoch, enrollments } = await store.readSubject(USER);
    return {
      ...{ subject, policy, session: 'session-1', epoch, enrollments, issuer: 'Console', input },
      defaultName: 'Counter 2',
    };
  }
  const run = async (operation: Operation, input: Attempt['input'] = {}) =>
    attempts({
      store,
      limits: ATTEMPT_LIMITS,
      audit: { record: (type, facts) => void events.push({ ...facts, type } as AuditEvent) },
    })(bound(), operation, await attempt({ value: '1', ...input }), null);

  async function activate(keep: object, input: Attempt['input'] = {}, more: object = {}) {
    const basis = (await store.readSubject(USER)).enrollments.length > 0 ? 'proven' : 'first';
    const begun = await bound().enrollment.begin(await attempt(), { basis, restart: true });
    assert.ok(begun);
    await begun.prompt();
    answers = { kind: 'accepted', keep, ...more };
    return run({ kind: 'confirm', replaces: null }, { enrollment: begun.id, ...input });
  }
  const ask = async () => bound().challenge(await attempt());
  const verify = async () => run({ kind: 'verify' });
  const kept = async () => {
    await ask();
    return seen;
  };

  it('has it kept with the confirmation, and finds it at the prompt', async () => {
    assert.equal((await activate({ secret: Buffer.from('a'), parameters: '/1' })).kind, 'verified');
    assert.deepEqual(await kept(), ['a/1']);
    await activate({ secret: Buffer.from('b') });
    assert.deepEqual(seen, ['a'], 'at the activation of another one');
    assert.deepEqual(await kept(), ['a/1', 'b']);
  });

  it('has it replaced with a right answer, and only with one', async () => {
    await activate({ secret: Buffer.from('a'), parameters: '/1' });
    await ask();
    answers = { kind: 'accepted', step: 5, keep: { secret: Buffer.from('b') } };
    assert.equal((await verify()).kind, 'verified');
    assert.deepEqual(await kept(), ['b/1']);
    answers = { kind: 'accepted', step: 5, keep: { secret: Buffer.from('c') } };
    assert.deepEqual(await verify(), { kind: 'rejected', reason: 'replayed' });
    assert.deepEqual(await kept(), ['b/1']);
    answers = { kind: 'accepted', keep: { parameters: '/2' } };
    await verify();
    assert.deepEqual(await kept(), ['b/2']);
  });

  for (const keep of [
    ...[{ secret: 'text' }, { secret: new Uint8Array(2049) }, { parameters: 'x'.repeat(33) }],
    ...[{ parameters: 5 }, { label: 'x' }, 'a'],
  ]) {
    it(`lets nobody in where it keeps ${JSON.stringify(keep).slice(0, 40)}`, async () => {
      const verdict = await activate(keep as object);
      assert.equal(verdict.kind, 'unavailable');
      assert.deepEqual((await store.readSubject(USER)).enrollments, []);
    });
  }

  it('is asked for anew with each answer, right or wrong, as often as anybody likes', async () => {
    await activate({});
    for (let round = 0; round < 15; round += 1) {
      const before = started;
      await ask();
      await ask();
      assert.equal(started, before + 1, 'one for all looks');
      answers = { kind: 'rejected', reason: 'wrong-code' };
      assert.equal((await verify()).kind, 'rejected');
      answers = { kind: 'accepted' };
      assert.deepEqual(await verify(), { kind: 'rejected', reason: 'expired' }, 'it is used up');
    }
    await ask();
    clock.advance(300_000);
    assert.deepEqual(await verify(), { kind: 'rejected', reason: 'expired' });
    assert.equal(bound().restart, null, 'another look makes another one');
  });

  it('is asked for anew at its activation too', async () => {
    const begun = await bound().enrollment.begin(await attempt(), {
      basis: 'first',
      restart: true,
    });
    await begun?.prompt();
    const confirm = () => run({ kind: 'confirm', replaces: null }, { enrollment: begun?.id });
    answers = { kind: 'rejected', reason: 'denied' };
    assert.equal((await confirm()).kind, 'rejected');
    answers = { kind: 'accepted' };
    assert.deepEqual(await confirm(), { kind: 'rejected', reason: 'expired' });
    await begun?.prompt();
    assert.equal((await confirm()).kind, 'verified');
  });

  it('suggests names, unless the person gives one', async () => {
    const suggestedLabel = 'Model X';
    await activate({}, {}, { suggestedLabel });
    await activate({}, { name: 'Blue one' }, { suggestedLabel });
    await activate({}, {}, { suggestedLabel });
    const { enrollments } = await store.readSubject(USER);
    assert.deepEqual(
      enrollments.map(({ label }) => label),
      ['Model X', 'Blue one', 'Model X 2'],
    );
    await store.unenroll(USER, enrollments[0]?.id ?? '', 0);
    await activate({});
    const { enrollments: now } = await store.readSubject(USER);
    assert.equal(now.at(-1)?.label, 'Counter 2', 'what the page calls it');
  });

  it('of which there may be a copy is an event that names it, and stays', async () => {
    await activate({});
    const { enrollments } = await store.readSubject(USER);
    await ask();
    const [{ id, method, label } = { id: '', method: '', label: '' }] = enrollments;
    answers = { kind: 'rejected', reason: 'denied', copied: id, because: 'copy' };
    const { kind } = await verify();
    assert.equal(kind, 'rejected');
    const copied = events.find(({ type }) => type === 'enrollment.copied');
    assert.deepEqual(
      copied?.enrollments?.map((one) => ({ id: one.id, method: one.method, label: one.label })),
      [{ id, method, label }],
    );
    assert.equal(events.at(-1)?.type, 'verification.failed');
    assert.deepEqual((await store.readSubject(USER)).enrollments, enrollments);
  });
});
