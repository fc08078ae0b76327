import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type AssuranceRecord,
  type Enrollment,
  emptySubject,
  FALLBACK,
  type Factor,
  type Policy,
  REMEMBERED_DEVICE,
  type SubjectRecord,
} from '../../src/contracts.js';
import { type Decision, decide } from '../../src/gate/decide.js';
import type { Facts } from '../../src/gate/facts.js';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const REQUIRED: Policy = {
  mode: 'required',
  methods: ['totp', 'duo'],
  duo: { source: 'acme', credentialVersion: 'v1' },
  enrollment: 'self',
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDeviceSeconds: null,
  proofs: [],
  because: [],
};

const enrolled = (method: string): Enrollment => ({
  id: `${method}-1`,
  method,
  label: method,
  parameters: method === 'duo' ? '@account' : '',
  createdAt: NOW - HOUR,
  lastUsedAt: null,
});

const VIA: Readonly<Record<string, Pick<Factor, 'via' | 'tenantId'>>> = {
  duo: { via: 'acme' },
  [REMEMBERED_DEVICE]: { via: 'totp', tenantId: 'acme' },
};

const factor = (method: string, ageMs = 0): Factor => ({
  method,
  enrollmentId: `${method}-1`,
  at: NOW - ageMs,
  ...VIA[method],
});

const proven = (factors: readonly Factor[], more: Partial<AssuranceRecord> = {}) => ({
  state: 'proven' as const,
  subjectId: 'user1',
  epoch: 3,
  login: 'login',
  factors,
  expiresAt: NOW + HOUR,
  ...more,
});

const pending = (expiresAt: number, more: Partial<AssuranceRecord> = {}): AssuranceRecord => ({
  state: 'pending',
  subjectId: 'user1',
  epoch: 3,
  login: 'login',
  factors: [],
  expiresAt,
  ...more,
});

const ended = { ...proven([factor('totp')]), state: 'ended' as const };

const LOGIN = { id: 'login', session: 'digest', subject: 'user1', epoch: 3, until: null };

function facts({ policy, ...more }: Partial<Omit<Facts, 'policy'>> & { policy?: Partial<Policy> }) {
  return {
    subjectId: 'user1',
    tenantId: 'acme',
    policy: { ...REQUIRED, ...policy },
    record: record(enrolled('totp')),
    assurance: null,
    now: NOW,
    login: LOGIN,
    maxAgeMs: 12 * HOUR,
    pendingMaxAgeMs: 10 * MINUTE,
    backups: ['recovery-code'],
    postponedUntil: null,
    stepUp: null,
    ...more,
  } satisfies Facts;
}

const record = (...enrollments: readonly Enrollment[]): SubjectRecord => ({
  ...emptySubject,
  epoch: 3,
  enrollments,
});
const none = record();

/** Two keys of one person, and a policy that takes those of the one kind. */
const [good, bad] = ['good', 'bad'].map((parameters) => ({
  ...{ ...enrolled('security-key'), parameters },
  id: `${parameters}-1`,
})) as [Enrollment, Enrollment];
const ofKey = ({ id }: Enrollment) => ({ ...factor('security-key'), enrollmentId: id });
const GOOD_ONLY: Partial<Policy> = {
  methods: ['security-key'],
  'security-key': { userVerification: false, deviceBound: false, models: null, accepts: '^good$' },
};
const grace = new Date(NOW + HOUR);

const challenge = (why: string, ...methods: string[]) => ({ kind: 'challenge', why, methods });
const enroll = (why: string, graceEndsAt: Date | null = null) => ({
  kind: 'enroll',
  why,
  methods: ['totp', 'duo'],
  graceEndsAt,
});
const pass = (why: string) => ({ kind: 'pass', why });
const deny = (why: string) => ({ kind: 'deny', why });

const TABLE: readonly (readonly [string, Facts, object])[] = [
  ['passes when the policy is off', facts({ policy: { mode: 'off' } }), pass('policy-off')],
  [
    'passes when the policy is off, whatever the time between the doors',
    facts({ policy: { mode: 'off' }, assurance: pending(NOW - 1) }),
    pass('policy-off'),
  ],
  [
    'passes an optional subject who has nothing enrolled',
    facts({ policy: { mode: 'optional' }, record: none }),
    pass('not-enrolled'),
  ],
  [
    'challenges an optional subject who is enrolled',
    facts({ policy: { mode: 'optional' } }),
    challenge('not-proven', 'totp'),
  ],
  ['has a required subject enroll who has nothing', facts({ record: none }), enroll('required')],
  [
    'tells the end of a grace period that is running',
    facts({ record: none, policy: { graceUntil: grace } }),
    enroll('required', grace),
  ],
  [
    'tells no grace period that ends now',
    facts({ record: none, policy: { graceUntil: new Date(NOW) } }),
    enroll('required'),
  ],
  [
    'passes who postponed to the end of the grace period',
    facts({ record: none, policy: { graceUntil: grace }, postponedUntil: grace.getTime() }),
    pass('postponed'),
  ],
  [
    'asks again when the grace period is another than the one that was postponed to',
    facts({ record: none, policy: { graceUntil: grace }, postponedUntil: grace.getTime() + 1 }),
    enroll('required', grace),
  ],
  [
    'does not heed a postponement when the grace period is over',
    facts({
      record: none,
      policy: { graceUntil: new Date(NOW - 1) },
      postponedUntil: NOW - 1,
    }),
    enroll('required'),
  ],
  [
    'does not heed a postponement when the policy has no grace period any more',
    facts({ record: none, postponedUntil: grace.getTime() }),
    enroll('required'),
  ],
  [
    'does not let the grace period excuse an enrolled subject',
    facts({ policy: { graceUntil: grace }, postponedUntil: grace.getTime() }),
    challenge('not-proven', 'totp'),
  ],
  ['challenges an enrolled subject', facts({}), challenge('not-proven', 'totp')],
  [
    'names the accepted methods that are enrolled, in the policy’s order',
    facts({
      record: record(enrolled('totp'), enrolled('duo'), enrolled('recovery-code')),
      policy: { methods: ['duo', 'security-key', 'totp'] },
    }),
    challenge('not-proven', 'duo', 'totp'),
  ],
  ['passes a fresh proof', facts({ assurance: proven([factor('totp')]) }), pass('proven')],
  [
    'asks for an enrollment that counts here, beside one that does not',
    facts({ policy: GOOD_ONLY, record: record(bad, good) }),
    challenge('not-proven', 'security-key'),
  ],
  [
    'passes the proof by the one that counts here',
    facts({ policy: GOOD_ONLY, record: record(bad, good), assurance: proven([ofKey(good)]) }),
    pass('proven'),
  ],
  [
    'does not pass the proof by the one that does not',
    facts({ policy: GOOD_ONLY, record: record(bad, good), assurance: proven([ofKey(bad)]) }),
    challenge('not-proven', 'security-key'),
  ],
  [
    'has whoever has only one that does not count prove it, to activate another',
    facts({ policy: GOOD_ONLY, record: record(bad) }),
    challenge('to-enroll-another', 'security-key'),
  ],
  [
    'has them activate another one then',
    facts({ policy: GOOD_ONLY, record: record(bad), assurance: proven([ofKey(bad)]) }),
    { ...enroll('method-not-accepted'), methods: ['security-key'] } as Decision,
  ],
  [
    'still passes a proof one millisecond before its age is over',
    facts({ assurance: proven([factor('totp', 12 * HOUR - 1)]) }),
    pass('proven'),
  ],
  [
    'no longer passes a proof of exactly the door’s age',
    facts({ assurance: proven([factor('totp', 12 * HOUR)]) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'no longer passes a proof of exactly the policy’s age, where that is smaller',
    facts({ policy: { maxAgeSeconds: 60 }, assurance: proven([factor('totp', MINUTE)]) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'does not let a policy lengthen the door’s age',
    facts({
      policy: { maxAgeSeconds: 365 * 24 * 3600 },
      assurance: proven([factor('totp', 12 * HOUR)]),
    }),
    challenge('not-proven', 'totp'),
  ],
  [
    'does not count the proof of another subject',
    facts({ assurance: proven([factor('totp')], { subjectId: 'user2' }) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'does not count the proof of another login in the same session',
    facts({ assurance: proven([factor('totp')], { login: 'another' }) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'denies a session that was first seen before the epoch rose, and has no record',
    facts({ login: { ...LOGIN, epoch: 2 } }),
    deny('session-ended'),
  ],
  [
    'denies it also where nothing is demanded of it',
    facts({ record: none, policy: { mode: 'optional' }, login: { ...LOGIN, epoch: 2 } }),
    deny('session-ended'),
  ],
  [
    'denies it also where it was told that activation can wait',
    facts({
      ...{ record: none, policy: { graceUntil: grace }, postponedUntil: grace.getTime() },
      login: { ...LOGIN, epoch: 2 },
    }),
    deny('session-ended'),
  ],
  [
    'does not count a proof from the future: the clock was ahead when it was given',
    facts({ assurance: proven([factor('totp', -HOUR)]) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'counts one that another process has given a moment ago, by a clock that is a little ahead',
    facts({ assurance: proven([factor('totp', -1000)]) }),
    pass('proven'),
  ],
  [
    'denies whose time between the doors has begun in the future',
    facts({ assurance: pending(NOW + HOUR) }),
    deny('pending-expired'),
  ],
  [
    'denies whose time between the doors is over, also when the store has forgotten it',
    facts({ login: { ...LOGIN, until: NOW } }),
    deny('pending-expired'),
  ],
  [
    'asks on while that time goes on, as far as the session knows',
    facts({ login: { ...LOGIN, until: NOW + 1 } }),
    challenge('not-proven', 'totp'),
  ],
  [
    'denies a session that was proven before the epoch rose',
    facts({ assurance: proven([factor('totp')], { epoch: 2 }) }),
    deny('session-ended'),
  ],
  [
    'denies it also where nothing is demanded any more',
    facts({ policy: { mode: 'off' }, assurance: proven([factor('totp')], { epoch: 2 }) }),
    deny('session-ended'),
  ],
  [
    'denies it also where there is nothing to prove: after a reset it would enroll a thief',
    facts({ record: none, assurance: proven([factor('totp')], { epoch: 2 }) }),
    deny('session-ended'),
  ],
  [
    'denies it also where its own end has come',
    facts({ assurance: proven([factor('totp')], { epoch: 2, expiresAt: NOW }) }),
    deny('session-ended'),
  ],
  [
    'denies a session that stood between the doors when the epoch rose',
    facts({ assurance: pending(NOW + 1, { epoch: 2 }) }),
    deny('session-ended'),
  ],
  [
    'denies a session of a later epoch: the store went back in time',
    facts({ assurance: proven([factor('totp')], { epoch: 4 }) }),
    deny('session-ended'),
  ],
  [
    'does not count a proof whose own end has come',
    facts({ assurance: proven([factor('totp')], { expiresAt: NOW }) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'does not count factors of a session between the doors',
    facts({
      assurance: { ...proven([factor('totp')]), state: 'pending', expiresAt: NOW + MINUTE },
    }),
    challenge('not-proven', 'totp'),
  ],
  [
    'does not count a proof by a method that is not accepted',
    facts({
      record: record(enrolled('totp'), enrolled('duo')),
      policy: { methods: ['duo'] },
      assurance: proven([factor('totp')]),
    }),
    challenge('not-proven', 'duo'),
  ],
  [
    'asks for the old factor where only that one is enrolled and no longer accepted',
    facts({ policy: { methods: ['duo'] } }),
    challenge('to-enroll-another', 'totp'),
  ],
  [
    'names each old method once',
    facts({
      record: record(enrolled('totp'), { ...enrolled('totp'), id: 'totp-2' }),
      policy: { methods: ['duo'] },
    }),
    challenge('to-enroll-another', 'totp'),
  ],
  [
    'lets the old factor open the way to a new one, and not the door',
    facts({
      policy: { methods: ['duo'], graceUntil: grace },
      assurance: proven([factor('totp')]),
      postponedUntil: grace.getTime(),
    }),
    { kind: 'enroll', why: 'method-not-accepted', methods: ['duo'], graceEndsAt: null },
  ],
  ['denies a session that has ended', facts({ assurance: ended }), deny('session-ended')],
  [
    'denies a session that has ended even where the policy is off',
    facts({ policy: { mode: 'off' }, assurance: ended }),
    deny('session-ended'),
  ],
  [
    'goes on between the doors until the time is over',
    facts({ assurance: pending(NOW + 1) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'denies who has been between the doors for too long',
    facts({ assurance: pending(NOW) }),
    deny('pending-expired'),
  ],
  [
    'denies it also where enrollment is due',
    facts({ record: none, assurance: pending(NOW) }),
    deny('pending-expired'),
  ],
  [
    'asks again for a proof younger than a route demands',
    facts({
      assurance: proven([factor('totp', 5 * MINUTE)]),
      stepUp: { maxAgeMs: 5 * MINUTE, methods: null },
    }),
    challenge('step-up', 'totp'),
  ],
  [
    'passes a proof younger than a route demands',
    facts({
      assurance: proven([factor('totp', 5 * MINUTE - 1)]),
      stepUp: { maxAgeMs: 5 * MINUTE, methods: null },
    }),
    pass('proven'),
  ],
  [
    'asks for a method that a route demands',
    facts({
      record: record(enrolled('totp'), enrolled('duo')),
      assurance: proven([factor('totp')]),
      stepUp: { maxAgeMs: null, methods: ['duo'] },
    }),
    challenge('step-up', 'duo'),
  ],
  [
    'does not add one proof’s age to another proof’s method',
    facts({
      record: record(enrolled('totp'), enrolled('duo')),
      assurance: proven([factor('totp'), factor('duo', HOUR)]),
      stepUp: { maxAgeMs: MINUTE, methods: ['duo'] },
    }),
    challenge('step-up', 'duo'),
  ],
  [
    'offers nothing where a route demands a method that the subject does not have',
    facts({
      assurance: proven([factor('totp')]),
      stepUp: { maxAgeMs: null, methods: ['duo'] },
    }),
    challenge('step-up'),
  ],
];

const remembered = { rememberDeviceSeconds: 3600 };
const withCodes = (left: number | null, ...methods: readonly string[]) => ({
  ...record(...methods.map(enrolled)),
  recoveryCodesLeft: left,
});
const CODES: Partial<Policy> = { methods: ['totp', 'recovery-code'] };
const fallback: Factor = { method: 'duo', enrollmentId: FALLBACK, at: NOW, via: 'acme' };
const DUO = { methods: ['duo'], duo: { source: 'acme', credentialVersion: 'v2' } };
const STEP_UP = { maxAgeMs: null, methods: null };

/** Remembered devices, recovery codes and fallbacks: what stands in for a proof, and what it does not do. */
const STANDING_IN: typeof TABLE = [
  [
    'passes a remembered device where the policy has them',
    facts({ policy: remembered, assurance: proven([factor(REMEMBERED_DEVICE)]) }),
    pass('remembered-device'),
  ],
  [
    'challenges a remembered device where the policy has none (any longer)',
    facts({ assurance: proven([factor(REMEMBERED_DEVICE)]) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'calls a session proven that is, remembered or not',
    facts({
      policy: remembered,
      assurance: proven([factor(REMEMBERED_DEVICE), factor('totp')]),
    }),
    pass('proven'),
  ],
  [
    'does not take another method for a remembered device',
    facts({ policy: remembered, assurance: proven([factor('security-key')]) }),
    challenge('not-proven', 'totp'),
  ],
  [
    'takes no remembered device for a fresh proof',
    facts({
      policy: remembered,
      assurance: proven([factor(REMEMBERED_DEVICE)]),
      stepUp: STEP_UP,
    }),
    challenge('step-up', 'totp'),
  ],
  [
    'takes no remembered device for the proof that lets another method be activated',
    facts({
      policy: { ...remembered, methods: ['duo'] },
      assurance: proven([factor(REMEMBERED_DEVICE)]),
    }),
    challenge('to-enroll-another', 'totp'),
  ],
  [
    'challenges a remembered device that stands for a method that is accepted no longer',
    facts({
      policy: { ...remembered, ...DUO },
      record: record(enrolled('totp'), enrolled('duo')),
      assurance: proven([factor(REMEMBERED_DEVICE)]),
    }),
    challenge('not-proven', 'duo'),
  ],
  [
    'passes a proof of Duo under new keys of the same organization',
    facts({
      policy: DUO,
      record: record(enrolled('duo')),
      assurance: proven([factor('duo')]),
    }),
    pass('proven'),
  ],
  [
    'takes no proof by the Duo of another organization, which says yes to whom it likes',
    facts({
      policy: DUO,
      record: record(enrolled('duo')),
      assurance: proven([{ ...factor('duo'), via: 'globex' }]),
    }),
    challenge('not-proven', 'duo'),
  ],
  [
    'takes no such proof for one that lets another method be activated, nor where there are no keys',
    facts({
      policy: { methods: ['totp'], duo: null },
      record: record(enrolled('duo')),
      assurance: proven([{ ...factor('duo'), via: 'globex' }]),
    }),
    challenge('to-enroll-another', 'duo'),
  ],
  [
    'takes one for that where the keys were removed, if it is of this organization',
    facts({
      policy: { methods: ['totp'], duo: null },
      record: record(enrolled('duo')),
      assurance: proven([factor('duo')]),
    }),
    { ...enroll('method-not-accepted'), methods: ['totp'] },
  ],
  [
    'takes no fallback that another organization has chosen',
    facts({
      policy: DUO,
      record: record(enrolled('duo')),
      assurance: proven([{ ...fallback, via: 'globex' }]),
    }),
    challenge('not-proven', 'duo'),
  ],
  [
    'passes a fallback at the door',
    facts({ record: record(enrolled('duo')), assurance: proven([fallback]) }),
    pass('proven'),
  ],
  [
    'takes no fallback for a fresh proof',
    facts({ record: record(enrolled('duo')), assurance: proven([fallback]), stepUp: STEP_UP }),
    challenge('step-up', 'duo'),
  ],
  [
    'takes no fallback for the proof that lets another method be activated',
    facts({
      policy: { methods: ['totp'] },
      record: record(enrolled('duo')),
      assurance: proven([fallback]),
    }),
    challenge('to-enroll-another', 'duo'),
  ],
  [
    'offers recovery codes to who has some',
    facts({ policy: CODES, record: withCodes(1, 'totp') }),
    challenge('not-proven', 'totp', 'recovery-code'),
  ],
  [
    'offers no recovery codes to who has spent them',
    facts({ policy: CODES, record: withCodes(0, 'totp') }),
    challenge('not-proven', 'totp'),
  ],
  [
    'offers no recovery codes to who never had any',
    facts({ policy: CODES, record: withCodes(null, 'totp') }),
    challenge('not-proven', 'totp'),
  ],
  [
    'offers no recovery codes that the policy does not accept',
    facts({ record: withCodes(5, 'totp') }),
    challenge('not-proven', 'totp'),
  ],
  [
    'offers recovery codes for the way to another method',
    facts({
      policy: { methods: ['duo', 'recovery-code'] },
      record: withCodes(2, 'totp', 'totp'),
    }),
    challenge('to-enroll-another', 'totp', 'recovery-code'),
  ],
  [
    'has nobody activate recovery codes by themselves',
    facts({ policy: { methods: ['recovery-code', 'totp', 'duo'] }, record: none }),
    enroll('required'),
  ],
  [
    'demands a fresh proof also where the policy is off, of who has a method',
    facts({ policy: { ...CODES, mode: 'off' }, record: withCodes(1, 'totp'), stepUp: STEP_UP }),
    challenge('step-up', 'totp', 'recovery-code'),
  ],
  [
    'demands none where the policy is off, of who has no method',
    facts({ policy: { mode: 'off' }, record: none, stepUp: STEP_UP }),
    pass('policy-off'),
  ],
  ...(
    [
      ['the policy is off', { mode: 'off' }, {}],
      ['it is optional', { mode: 'optional' }, {}],
      ['activation is postponed', { graceUntil: grace }, { postponedUntil: grace.getTime() }],
    ] as const
  ).map(([where, policy, more]): [string, Facts, object] => [
    `has who has no method activate one where that is demanded and ${where}`,
    facts({ policy, record: none, stepUp: { ...STEP_UP, enroll: true }, ...more }),
    enroll('step-up'),
  ]),
  [
    'asks of who has a method for no other one where that is demanded',
    facts({ policy: { mode: 'off' }, stepUp: { ...STEP_UP, enroll: true } }),
    challenge('step-up', 'totp'),
  ],
  [
    'takes a fallback for no proof where an activation is demanded',
    facts({
      record: record(enrolled('duo')),
      assurance: proven([fallback]),
      stepUp: { maxAgeMs: null, methods: null, enroll: true },
    }),
    challenge('step-up', 'duo'),
  ],
  [
    'takes a proof of any age where a fresh one is not demanded',
    facts({
      policy: { mode: 'off' },
      assurance: proven([factor('totp')]),
      stepUp: { maxAgeMs: null, methods: null, enroll: true },
    }),
    pass('proven'),
  ],
  [
    'takes for fresh, where the policy is off, whatever was proven',
    facts({ policy: { mode: 'off' }, assurance: proven([factor('totp')]), stepUp: STEP_UP }),
    pass('proven'),
  ],
  [
    'counts the age that the policy allows in seconds',
    facts({
      policy: { maxAgeSeconds: 600 },
      assurance: proven([factor('totp', 10 * MINUTE - 1)]),
    }),
    pass('proven'),
  ],
  [
    'counts the age that the policy allows to its end',
    facts({ policy: { maxAgeSeconds: 600 }, assurance: proven([factor('totp', 10 * MINUTE)]) }),
    challenge('not-proven', 'totp'),
  ],
];

describe('the decision', () => {
  for (const [behavior, given, expected] of STANDING_IN) {
    it(behavior, () => assert.deepEqual(decide(given), expected));
  }
  for (const [behavior, given, expected] of TABLE) {
    it(behavior, () => assert.deepEqual(decide(given), expected));
  }

  describe('for any facts', () => {
    const methods = fc.subarray(['totp', 'duo', 'recovery-code', 'security-key']);
    const at = fc.integer({ min: NOW - 24 * HOUR, max: NOW });
    const anyFacts: fc.Arbitrary<Facts> = fc.record({
      subjectId: fc.constantFrom('user1', 'user2'),
      policy: fc.record({
        mode: fc.constantFrom('off', 'optional', 'required'),
        methods,
        duo: fc.constant(null),
        enrollment: fc.constantFrom('self', 'activation-key'),
        graceUntil: fc.option(
          fc.integer({ min: NOW - HOUR, max: NOW + HOUR }).map((ms) => new Date(ms)),
        ),
        maxAgeSeconds: fc.option(fc.integer({ min: 1, max: 100_000 })),
        because: fc.constant([]),
      }),
      record: fc
        .record({
          epoch: fc.integer({ min: 0, max: 2 }),
          enrollments: methods.map((names) => names.map(enrolled)),
        })
        .map((known) => ({ ...emptySubject, ...known })),
      assurance: fc.option(
        fc.record({
          state: fc.constantFrom('pending', 'proven', 'ended'),
          subjectId: fc.constantFrom('user1', 'user2'),
          login: fc.constantFrom('one', 'two'),
          epoch: fc.integer({ min: 0, max: 2 }),
          factors: fc.array(
            fc.record({
              method: fc.constantFrom('totp', 'duo'),
              enrollmentId: fc.constant('x'),
              at,
            }),
          ),
          expiresAt: fc.integer({ min: NOW - HOUR, max: NOW + HOUR }),
        }),
      ),
      login: fc.record({
        id: fc.constantFrom('one', 'two'),
        epoch: fc.integer({ min: 0, max: 2 }),
        until: fc.option(at),
      }),
      now: fc.constant(NOW),
      pendingMaxAgeMs: fc.constant(10 * MINUTE),
      backups: fc.constant(['recovery-code']),
      maxAgeMs: fc.integer({ min: 1, max: 24 * HOUR }),
      postponedUntil: fc.option(fc.constantFrom(NOW, NOW + MINUTE)),
      stepUp: fc.option(
        fc.record({
          maxAgeMs: fc.option(fc.integer({ min: 1, max: HOUR })),
          methods: fc.option(methods),
        }),
      ),
    }) as unknown as fc.Arbitrary<Facts>;

    /** The rule, said a second time and in other words than in `decide`. */
    function someFactorOpens({
      assurance,
      policy,
      record,
      now,
      subjectId,
      login,
      maxAgeMs,
      stepUp,
    }: Facts) {
      return (
        assurance !== null &&
        assurance.state === 'proven' &&
        assurance.subjectId === subjectId &&
        assurance.login === login.id &&
        assurance.epoch === record.epoch &&
        login.epoch === record.epoch &&
        now < assurance.expiresAt &&
        assurance.factors.some(
          ({ method, at }) =>
            policy.methods.includes(method) &&
            at <= now + 2000 &&
            now < at + maxAgeMs &&
            (policy.maxAgeSeconds === null || now < at + policy.maxAgeSeconds * 1000) &&
            (stepUp?.maxAgeMs == null || now < at + stepUp.maxAgeMs) &&
            (stepUp?.methods == null || stepUp.methods.includes(method)),
        )
      );
    }

    const holds = (property: (given: Facts, decision: Decision) => boolean) =>
      fc.assert(
        fc.property(anyFacts, (given) => property(given, decide(given))),
        { numRuns: 5000 },
      );

    it('never passes an enrolled subject without a fresh factor that is accepted', () =>
      holds(
        (given, { kind }) =>
          kind !== 'pass' ||
          given.policy.mode === 'off' ||
          given.record.enrollments.length === 0 ||
          someFactorOpens(given),
      ));

    it('passes a required subject without a factor only while a grace period runs', () =>
      holds(
        (given, { kind }) =>
          kind !== 'pass' ||
          given.policy.mode !== 'required' ||
          given.record.enrollments.length > 0 ||
          (given.policy.graceUntil !== null && given.policy.graceUntil.getTime() > NOW),
      ));

    it('never has somebody enroll who has a factor and has not just proven one', () =>
      holds(
        (given, { kind }) =>
          kind !== 'enroll' ||
          given.record.enrollments.length === 0 ||
          given.assurance?.factors.some(({ at }) => at + given.maxAgeMs > NOW) === true,
      ));

    it('never goes on with a session that has ended', () =>
      holds((given, { kind }) => given.assurance?.state !== 'ended' || kind === 'deny'));

    it('challenges with methods that the subject has, and no others', () =>
      holds(
        (given, decision) =>
          decision.kind !== 'challenge' ||
          decision.methods.every((method) =>
            given.record.enrollments.some((one) => one.method === method),
          ),
      ));
  });
});
