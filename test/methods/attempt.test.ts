import assert from 'node:assert/strict';
import type { EventFacts } from '../../src/audit/events.js';
import {
  type Attempt,
  emptySubject,
  type SubjectRecord,
  type Verdict,
} from '../../src/contracts.js';
import { attempts, type Operation } from '../../src/methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { basisHolds } from '../../src/methods/basis.js';
import {
  type BoundMethod,
  type EnrollableMethod,
  enrollableMethods,
  isEnrollable,
} from '../../src/methods/bound-method.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const FROM = '192.0.2.7';
const VERIFY: Operation = { kind: 'verify' };
const CONFIRM: Operation = { kind: 'confirm', replaces: 'old' };
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const verified: Verdict = { kind: 'verified', enrollmentId: 'one', epoch: 2, at: NOW };

const policy = (enrollment: 'self' | 'activation-key' = 'self') =>
  parsePolicy({ mode: 'required', enrollment }, ['totp']);

const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  ...{ subject, policy: policy(), session: 'digest', issuer: 'Console', input: { code: '1' } },
  epoch: 2,
  ...more,
});

/** One attempt, with everything that it did. */
async function run({
  operation = VERIFY,
  verdict = verified as Verdict | Error,
  method = {} as Partial<EnrollableMethod>,
  of = attempt(),
  readSubject = (): SubjectRecord => emptySubject,
} = {}) {
  const calls: unknown[][] = [];
  const events: unknown[] = [];
  const answering =
    (name: string) =>
    async (...given: unknown[]): Promise<Verdict> => {
      calls.push([name, ...given]);
      if (verdict instanceof Error) throw verdict;
      return verdict;
    };
  const runAttempt = attempts({
    store: { readSubject },
    limits: ATTEMPT_LIMITS,
    audit: {
      record: (type: string, facts: EventFacts) => void events.push(inWords(type, facts)),
    } as never,
  });
  const answered = await runAttempt(
    {
      ...{ name: 'totp', title: 'App', throttle: 'lockout', wellFormed: () => true },
      challenge: () => assert.fail('is not asked for'),
      verify: answering('verify'),
      enrollment: {
        confirm: answering('confirm'),
        begin: () => assert.fail('is not begun'),
        resume: () => assert.fail('is not resumed'),
      },
      ...method,
    } as never,
    operation,
    of,
    FROM,
  );
  return { answered, calls, events };
}

/** An event with its detail as the trail has it. */
const inWords = (type: string, facts: EventFacts) => {
  const { detail } = facts;
  return {
    type,
    ...facts,
    ...(typeof detail === 'object' && detail && { detail: String(detail) }),
  };
};

describe('an attempt', () => {
  it('is allowed as often as NIST allows, with waits that grow', () => {
    assert.deepEqual(ATTEMPT_LIMITS, {
      free: 5,
      waits: [30_000, 60_000, 300_000, 900_000],
      stop: 100,
    });
  });

  it('is the method’s to verify, within the limits', async () => {
    const of = attempt();
    const { answered, calls, events } = await run({ of });
    assert.equal(answered, verified);
    assert.deepEqual(calls, [['verify', of, ATTEMPT_LIMITS]]);
    assert.deepEqual(events, [
      { type: 'verification.succeeded', subject, method: 'totp', from: FROM, detail: null },
    ]);
  });

  it('is neither counted nor told to anybody where the answer has no such form', async () => {
    const { answered, calls, events } = await run({ method: { wellFormed: () => false } });
    assert.deepEqual(answered, { kind: 'rejected', reason: 'malformed' });
    assert.deepEqual([calls, events], [[], []]);
  });

  it('that is refused while it is locked is told with until when', async () => {
    const verdict: Verdict = { kind: 'locked', retryAt: new Date(NOW + 30_000) };
    const { answered, events } = await run({ verdict });
    assert.equal(answered, verdict);
    assert.deepEqual(events, [
      {
        ...{ type: 'verification.locked', subject, method: 'totp', from: FROM },
        detail: 'until 2026-01-01T00:00:30.000Z',
      },
    ]);
    const stopped = await run({ verdict: { kind: 'locked', retryAt: null } });
    assert.equal((stopped.events[0] as { detail: unknown }).detail, 'until somebody helps');
  });

  it('that was wrong is told with its reason', async () => {
    for (const [verdict, detail] of [
      [{ kind: 'rejected', reason: 'wrong-code' }, 'wrong-code'],
      [{ kind: 'rejected', reason: 'denied', detail: 'txid=1' }, 'denied: txid=1'],
    ] as [Verdict, string][]) {
      const { answered, events } = await run({ verdict });
      assert.equal(answered, verdict);
      assert.deepEqual(events, [
        { type: 'verification.failed', subject, method: 'totp', from: FROM, detail },
      ]);
    }
  });

  it('that was right is told with what the method says of it', async () => {
    const { events } = await run({ verdict: { ...verified, detail: 'allow txid=1' } });
    assert.deepEqual(
      events.map((event) => (event as { detail: unknown }).detail),
      ['allow txid=1'],
    );
  });

  it('is no wrong one when something is broken: nothing is told as a failure of the person', async () => {
    const cause = new Error('down');
    const { answered, events } = await run({ verdict: cause });
    assert.deepEqual(answered, { kind: 'unavailable', cause });
    assert.deepEqual(events, []);
    const said = await run({ verdict: { kind: 'unavailable', cause } });
    assert.deepEqual(said.events, []);
  });

  describe('to confirm an enrollment', () => {
    it('is the method’s to confirm, and told as an enrollment', async () => {
      const of = attempt();
      const { answered, calls, events } = await run({ operation: CONFIRM, of });
      assert.equal(answered, verified);
      assert.deepEqual(calls, [['confirm', of, ATTEMPT_LIMITS, 'old']]);
      assert.deepEqual(events, [
        {
          ...{ type: 'enrollment.confirmed', subject, method: 'totp', from: FROM, detail: null },
          enrollments: [{ id: 'one', method: 'totp', label: 'App' }],
        },
      ]);
      const wrong: Verdict = { kind: 'rejected', reason: 'wrong-code' };
      const failed = await run({ operation: CONFIRM, verdict: wrong });
      assert.equal((failed.events[0] as { type: string }).type, 'enrollment.failed');
    });

    it('is told with the name that the record has for it, as far as that can be read', async () => {
      const named = { id: 'one', method: 'totp', label: 'My phone', parameters: '' };
      const one = { ...named, createdAt: NOW, lastUsedAt: NOW };
      const other = { ...one, id: 'other', label: 'Another' };
      const toldOf = async (readSubject: () => SubjectRecord) => {
        const { answered, events } = await run({ operation: CONFIRM, readSubject });
        assert.equal(answered, verified);
        return (events[0] as { enrollments: readonly { label: string }[] }).enrollments[0]?.label;
      };
      const record = { ...emptySubject, enrollments: [other, one] };
      assert.equal(await toldOf(() => record), 'My phone');
      const down = () => {
        throw new Error('down');
      };
      assert.equal(await toldOf(down), 'App');
    });

    it('is refused by a method that cannot be activated', async () => {
      const operation = CONFIRM;
      const { answered } = await run({ operation, method: { enrollment: null } as never });
      assert.equal(answered.kind, 'unavailable');
      for (const enrollment of [null, {}]) {
        assert.equal(isEnrollable({ enrollment } as BoundMethod), enrollment !== null);
      }
    });
  });

  it('holds on its basis unless a key is demanded of those who have proven nothing', () => {
    const demanding = policy('activation-key');
    assert.equal(basisHolds(policy(), 'first'), true);
    assert.equal(basisHolds(demanding, 'first'), false);
    for (const basis of ['activation-key', 'handover', 'proven'] as const) {
      assert.equal(basisHolds(demanding, basis), true, basis);
    }
  });

  it('is offered for what can be activated, in the order of the policy', () => {
    const make = (name: string, enrollment: object | null = {}) =>
      ({ name, enrollment }) as BoundMethod;
    const all = new Map(
      [make('totp'), make('duo'), make('recovery-code', null)].map((one) => [one.name, one]),
    );
    const names = ['duo', 'recovery-code', 'fax', 'totp'];
    assert.deepEqual(
      enrollableMethods(all, names).map(({ name }) => name),
      ['duo', 'totp'],
    );
  });
});
