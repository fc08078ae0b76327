import { randomBytes } from 'node:crypto';
import type { Attempt, Prompt, Verdict } from '../../contracts.js';
import { keyring } from '../../crypto/keyring.js';
import { broken } from '../../errors.js';
import { ENGLISH } from '../../messages/english.js';
import { sentences } from '../../messages/sentences.js';
import { attempts, type Operation } from '../../methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../methods/attempt-limits.js';
import type { Begun } from '../../methods/bound-method.js';
import { isEnrollable } from '../../methods/bound-method.js';
import { registry } from '../../methods/registry.js';
import { policyParser } from '../../policy/resolve.js';
import { memoryStore } from '../../store/memory.js';
import { testClock } from '../test-clock.js';
import type { Asked, MethodUnderTest } from './method-under-test.js';

const MINUTE = 60_000;

/** One method, one person and a store in memory, as a door puts them together. */
export async function methodStage(under: MethodUnderTest) {
  const clock = testClock();
  const store = memoryStore({ now: clock.now, production: true });
  const shared = { store, keyring: keyring([randomBytes(32).toString('base64')]) };
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const { bound } = registry(
    [under.method],
    {
      ...{ ...shared, origin: 'https://console.example', path: () => '/two-factor' },
      ...{ brandName: () => 'Console', appNamed: () => {}, onError: rethrow },
      readSetting: () => null,
    },
    {
      ...{ ...shared, enrollmentMaxAgeMs: 10 * MINUTE, timeoutMs: 10_000 },
      ...{ onError: rethrow, hasView: () => true },
      sentencesOf: (words) =>
        sentences({ language: 'en', catalog: { ...ENGLISH, ...words }, messages: {} }),
    },
  );
  const [found] = bound.values();
  if (!found || !isEnrollable(found)) throw broken('a method that cannot be activated was taken');
  const method = found;
  const policy = policyParser([method])({ mode: 'required' });
  const audit = { record: () => {} };
  const run = attempts({ store, limits: ATTEMPT_LIMITS, audit });

  const asked = (prompt: Prompt, purpose: Asked['purpose']): Asked => {
    if (prompt.kind !== 'form') throw broken(`${method.name} asks by no form`);
    const { json = {} } = prompt;
    const made: unknown = typeof json === 'function' ? json() : json;
    // As a program gets it that asks for everything by its name.
    const members = Object.entries<unknown>(Object(made)).map(
      ([name, value]) => [name, typeof value === 'function' ? value() : value] as const,
    );
    return { purpose, json: Object.fromEntries(members), now: clock.now() };
  };

  function as(id: string) {
    const subject = { id, tenantId: 'acme', label: `${id}@acme.example` };

    async function attemptOf(input: Attempt['input']): Promise<Attempt> {
      const { epoch, enrollments } = await store.readSubject(id);
      return {
        ...{ subject, policy, session: `session of ${id}`, epoch, enrollments, input },
        issuer: 'Console',
      };
    }
    const answerTo = async (operation: Operation, input: Attempt['input']): Promise<Verdict> =>
      run(method, operation, await attemptOf(input), null);

    const begin = async (): Promise<Begun> => {
      const basis = (await store.readSubject(id)).enrollments.length > 0 ? 'proven' : 'first';
      const begun = await method.enrollment.begin(await attemptOf({}), { basis, restart: false });
      if (!begun) throw broken(`${method.name} was not begun`);
      return begun;
    };
    const askedBy = async (begun: Begun) => asked(await begun.prompt(), 'activation');
    const confirm = (begun: Begun, input: Attempt['input']) =>
      answerTo({ kind: 'confirm', replaces: null }, { ...input, enrollment: begun.id });

    return {
      method,
      as,
      begin,
      askedBy,
      confirm,
      answer: (what: Asked) => under.answer(what),
      /** At the challenge. */
      ask: async () => asked(await method.challenge(await attemptOf({})), 'login'),
      verify: (input: Attempt['input']) => answerTo({ kind: 'verify' }, input),
      async activate(): Promise<string> {
        const begun = await begin();
        const verdict = await confirm(begun, under.answer(await askedBy(begun)));
        if (verdict.kind === 'verified') return verdict.enrollmentId;
        throw broken(`${method.name} is not activated by its right answer: ${verdict.kind}`);
      },
      enrollments: async () => (await store.readSubject(id)).enrollments,
      unlock: () => store.unlock(id),
      reset: () => store.reset(id),
      /** A while later, so that an answer of before is another one. */
      later: () => clock.advance(2 * MINUTE),
    };
  }

  return as('user1');
}
