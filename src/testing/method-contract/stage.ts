import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Attempt, OrganizationSetting, Prompt, Verdict } from '../../contracts.js';
import { keyring } from '../../crypto/keyring.js';
import { broken } from '../../errors.js';
import { ENGLISH } from '../../messages/english.js';
import { joined } from '../../messages/message.js';
import { sentences } from '../../messages/sentences.js';
import { attempts, type Operation } from '../../methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../methods/attempt-limits.js';
import { type Begun, type BoundMethod, isEnrollable } from '../../methods/bound-method.js';
import { registry } from '../../methods/registry.js';
import { policyParser } from '../../policy/resolve.js';
import { settingReader } from '../../policy/settings.js';
import { memoryStore } from '../../store/memory.js';
import { testClock } from '../test-clock.js';
import type { Asked, MethodUnderTest } from './method-under-test.js';

const MINUTE = 60_000;

/** One method, one person and a store in memory, as a door puts them together. */
export async function methodStage(under: MethodUnderTest) {
  const clock = testClock();
  const store = memoryStore({ now: clock.now, production: true });
  const shared = { store, keyring: keyring([randomBytes(32).toString('base64')]) };
  const setting: { stored: OrganizationSetting | null; part: object } = { stored: null, part: {} };
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const { bound } = registry(
    [under.method],
    {
      ...{ ...shared, origin: 'https://console.example', path: () => '/two-factor' },
      ...{ brandName: () => 'Console', appNamed: () => {}, onError: rethrow },
      readSetting: () => setting.stored,
    },
    {
      ...{ ...shared, enrollmentMaxAgeMs: 10 * MINUTE, timeoutMs: 10_000 },
      ...{ onError: rethrow, hasView: () => true },
      sentencesOf: (words) =>
        sentences({ language: 'en', catalog: joined(ENGLISH, words), messages: {} }),
    },
  );
  const [found] = bound.values();
  if (!found || !isEnrollable(found)) throw broken('a method that cannot be activated was taken');
  const method = found;
  if (under.fields) Object.assign(setting, await enteredFor(method, under.fields));
  const policy = policyParser([method])({ mode: 'required', ...setting.part });
  const audit = { record: () => {} };
  const run = attempts({ store, limits: ATTEMPT_LIMITS, audit });

  const asked = (prompt: Prompt, purpose: Asked['purpose'], subjectId: string): Asked => {
    if (prompt.kind !== 'form') throw broken(`${method.name} asks by no form`);
    const { json = {} } = prompt;
    const made: unknown = typeof json === 'function' ? json() : json;
    // As a program gets it that asks for everything by its name.
    const members = Object.entries<unknown>(Object(made)).map(
      ([name, value]) => [name, typeof value === 'function' ? value() : value] as const,
    );
    return { purpose, subjectId, json: Object.fromEntries(members), now: clock.now() };
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
    const askedBy = async (begun: Begun) => asked(await begun.prompt(), 'activation', id);
    const handed = async (begun: Begun): Promise<Asked> => {
      const { show } = await begun.handOver();
      return {
        ...{ purpose: 'activation', subjectId: id },
        ...{ json: show()?.json ?? {}, now: clock.now() },
      };
    };
    const confirm = (begun: Begun, input: Attempt['input']) =>
      answerTo({ kind: 'confirm', replaces: null }, { ...input, enrollment: begun.id });

    return {
      method,
      as,
      begin,
      askedBy,
      /** To the administrator who begins it, in the place of the person. */
      handed,
      confirm,
      answer: (what: Asked) => under.answer(what),
      /** At the challenge. */
      ask: async () => asked(await method.challenge(await attemptOf({})), 'login', id),
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

const ORGANIZATION = { id: 'acme', name: 'Acme', kind: 'client', partnerId: null } as const;

/** What an administrator enters in the method's section, as it is stored, and as it holds for a person. */
async function enteredFor(
  { name, section, settings }: BoundMethod,
  fields: Readonly<Record<string, unknown>>,
) {
  if (!section || !settings) throw broken(`${name} has no section for what is entered`);
  const place = { organization: ORGANIZATION, stored: null, partner: null };
  const read = await section.read(z.strictObject(section.fields).parse(fields), place);
  if (read.kind === 'refused') throw broken(`${name} refuses what is entered: ${read.message}`);
  const stored = settings.stored.parse(read.stored);
  const set = { by: 'the contract', on: '2026-01-01' };
  const { part } = settings.resolve({
    ...{ organization: ORGANIZATION, own: { stored, set }, partner: null },
  });
  const none = settingReader([{ name, settings }]).none;
  return { stored: { ...none, [name]: stored }, part: { [name]: part } };
}
