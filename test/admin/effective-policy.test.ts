import assert from 'node:assert/strict';
import { emptySubject, type Policy, SallyportError, UnavailableError } from 'sallyport';
import { deadline } from '../../src/admin/deadline.js';
import {
  asks,
  type EffectivePolicy,
  effectivePolicies,
  newlyShutsOut,
  switchedOn,
} from '../../src/admin/effective-policy.js';
import type { Levels } from '../../src/policy/levels.js';
import { client, must, set, switchedOn as userSwitchedOn } from '../policy/levels.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const POLICY: Policy = {
  ...{ mode: 'required', methods: ['totp'], duo: null, enrollment: 'self', graceUntil: null },
  ...{ maxAgeSeconds: null, rememberDeviceSeconds: null, proofs: [], because: [] },
};

function effective(mode: EffectivePolicy['mode'], policy: Partial<Policy> = {}): EffectivePolicy {
  const held = mode === 'contradictory' ? null : { ...POLICY, mode, ...policy };
  return { mode, from: [], policy: held, problem: null, contradicting: [], withoutSetting: [] };
}

const [required, optional, off, contradictory] = (
  ['required', 'optional', 'off', 'contradictory'] as const
).map((mode) => effective(mode)) as [
  EffectivePolicy,
  EffectivePolicy,
  EffectivePolicy,
  EffectivePolicy,
];
const nobody = emptySubject;
const ofMethod = (method: string) => ({
  ...nobody,
  enrollments: [
    { ...{ id: 'e1', method, label: method, createdAt: NOW, lastUsedAt: null, parameters: '' } },
  ] as typeof nobody.enrollments,
});
const enrolled = ofMethod('totp');
const elsewhere = ofMethod('email-code');

describe('whether signing in asks for a second factor', () => {
  it('goes by the mode, and where it is optional by what was activated', () => {
    const asked = (of: EffectivePolicy) => [asks(of, nobody), asks(of, enrolled)];
    assert.deepEqual(asked(required), [true, true]);
    assert.deepEqual(asked(optional), [false, true]);
    assert.deepEqual(asked(off), [false, false]);
    assert.deepEqual(asked(contradictory), [true, true], 'nobody gets in');
  });
});

describe('whom a change shuts out', () => {
  const shuts = (before: EffectivePolicy, after: EffectivePolicy, record = nobody) =>
    newlyShutsOut(before, after, record, NOW);

  it('is who has nothing of what is required from now on', () => {
    assert.equal(shuts(off, required), true);
    assert.equal(shuts(optional, required), true);
    assert.equal(shuts(off, required, enrolled), false);
    assert.equal(shuts(off, required, elsewhere), true);
    assert.equal(shuts(off, optional), false);
    assert.equal(shuts(off, optional, elsewhere), true, 'who has activated is asked');
    assert.equal(shuts(required, off, elsewhere), false);
    assert.equal(shuts(off, contradictory, enrolled), true);
  });

  it('is nobody who was shut out before', () => {
    assert.equal(shuts(required, required), false);
    assert.equal(shuts(required, contradictory), false);
    assert.equal(shuts(contradictory, required), false);
  });

  it('is who loses the time to activate, and nobody who keeps some', () => {
    const until = (at: number) => effective('required', { graceUntil: new Date(at) });
    assert.equal(shuts(until(NOW + DAY), required), true);
    assert.equal(shuts(until(NOW + DAY), until(NOW + 1)), false);
    assert.equal(shuts(until(NOW + DAY), until(NOW)), true, 'the time is over');
    assert.equal(shuts(until(NOW), required), false, 'there was none left');
    assert.equal(shuts(until(NOW + DAY), required, elsewhere), false, 'only who has nothing may');
  });
});

describe('a user who is switched on alone', () => {
  it('has to have a second factor by the date that was given', () => {
    const at = new Date(NOW + DAY);
    const of = switchedOn(optional, at.toISOString());
    assert.deepEqual([of.mode, of.policy?.graceUntil], ['required', at]);
    assert.equal(switchedOn(effective('off', { graceUntil: at }), null).policy?.graceUntil, null);
    assert.deepEqual(switchedOn(contradictory, null), { ...contradictory, mode: 'required' });
  });
});

describe('what holds, and who decided', () => {
  const SUBJECT = { id: 'user1', tenantId: 'acme', label: 'user1' };
  const METHODS = [{ name: 'totp' }, { name: 'recovery-code', role: 'backup' as const }];

  function asked(levels: () => Promise<Levels>, timeoutMs = 1000) {
    const of: string[] = [];
    const found = effectivePolicies(
      {
        levels: ({ id, tenantId }) => {
          of.push(`${id} of ${tenantId}`);
          return levels();
        },
      },
      METHODS,
      deadline(timeoutMs),
    );
    return { found, of };
  }
  const standingOf = (levels: Levels) => asked(async () => levels).found.of(SUBJECT);

  it('is said of each level that demands this mode, and of none that does not', async () => {
    const levels = client({
      partner: must({ mode: 'required' }),
      own: set({ mode: 'required' }),
      user: userSwitchedOn(),
    });
    const { mode, from, problem, withoutSetting } = await standingOf(levels);
    assert.deepEqual(
      { mode, from, problem, withoutSetting },
      { mode: 'required', from: ['partner', 'client', 'user'], problem: null, withoutSetting: [] },
    );
    const optional = await standingOf(client({ own: set({ mode: 'optional' }) }));
    assert.deepEqual([optional.mode, optional.from], ['optional', ['client']]);
    const raised = client({ own: set({ mode: 'optional' }), user: userSwitchedOn() });
    assert.deepEqual((await standingOf(raised)).from, ['user']);
    const off = await standingOf(client({ own: set({ mode: 'off' }) }));
    assert.deepEqual([off.mode, off.from], ['off', []]);
  });

  it('is said of everybody without what one of them has alone', async () => {
    const { found, of } = asked(async () => client({ user: userSwitchedOn() }));
    assert.equal((await found.of(SUBJECT)).mode, 'required');
    const everybody = await found.everybody('globex', SUBJECT);
    assert.deepEqual([everybody.mode, everybody.from], ['off', []]);
    assert.deepEqual(of, ['user1 of acme', 'user1 of globex']);
  });

  it('is a contradiction where a setting is lost or contradicts another, and fails as the host fails', async () => {
    const lost = new SallyportError('ERR_STORE_RECORD', 'the record is lost');
    const failing = (error: Error) => asked(() => Promise.reject(error)).found.of(SUBJECT);
    const without = await failing(lost);
    assert.deepEqual(
      [without.mode, without.from, without.policy, without.withoutSetting],
      ['contradictory', [], null, []],
    );
    assert.ok(without.problem);
    const broken = new UnavailableError('ERR_STORE_UNAVAILABLE', 'no store');
    await assert.rejects(failing(broken), broken);
    const none = client({ own: set({ mode: 'required', methods: [] }) });
    const { mode, policy, problem } = await standingOf(none);
    assert.deepEqual([mode, policy], ['contradictory', null]);
    assert.ok(problem);
    await assert.rejects(
      asked(() => new Promise(() => {}), 5).found.of(SUBJECT),
      ({ code, message }: SallyportError) =>
        code === 'ERR_POLICY' && message === 'the policy did not answer within 5 ms',
    );
  });
});
