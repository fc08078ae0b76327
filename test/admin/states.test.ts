import assert from 'node:assert/strict';
import { FieldsError } from '../../src/admin/bodies.js';
import type { EffectivePolicy } from '../../src/admin/effective-policy.js';
import { graceOf, isInState, stateFrom } from '../../src/admin/users/states.js';
import { emptySubject, type SubjectRecord } from '../../src/contracts.js';
import { message } from '../../src/messages/english.js';
import { isCounted, lockOf } from '../../src/methods/lock.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const organization = { id: 'acme', name: 'Acme', kind: 'client', partnerId: null } as const;
const user = { id: 'user1', label: 'user1@acme.example' };
const phone = { id: 'one', method: 'totp', label: 'Phone', parameters: '' };
const enrolled: SubjectRecord = {
  ...emptySubject,
  enrollments: [{ ...phone, createdAt: NOW, lastUsedAt: null }],
};

const effective = (
  mode: 'off' | 'optional' | 'required',
  graceUntil: Date | null,
): EffectivePolicy => ({
  ...{ mode, from: [], problem: null, contradicting: [], withoutSetting: [] },
  policy: parsePolicy({ mode, graceUntil }, ['totp']),
});

describe('the time in which a user may postpone', () => {
  const until = new Date(NOW + 1);

  it('is that of somebody who has nothing, and of whom something is required', () => {
    assert.deepEqual(graceOf(effective('required', until), emptySubject, NOW), until);
    assert.equal(graceOf(effective('required', until), enrolled, NOW), null);
    assert.equal(graceOf(effective('optional', until), emptySubject, NOW), null);
    assert.equal(graceOf(effective('optional', until), enrolled, NOW), null);
    assert.equal(graceOf(effective('off', until), emptySubject, NOW), null);
  });

  it('is none without a date, when the date has come, and where the levels contradict each other', () => {
    assert.equal(graceOf(effective('required', null), emptySubject, NOW), null);
    assert.equal(graceOf(effective('required', until), emptySubject, NOW + 1), null);
    assert.equal(graceOf(effective('required', until), emptySubject, NOW + 2), null);
    const contradictory: EffectivePolicy = {
      ...{
        mode: 'contradictory',
        from: [],
        policy: null,
        problem: message('admin.problem.none-left'),
        contradicting: [],
      },
      withoutSetting: [],
    };
    assert.equal(graceOf(contradictory, emptySubject, NOW), null);
  });
});

describe('the state of a user', () => {
  const unasked = { of: () => assert.fail('the policy'), everybody: () => assert.fail('policy') };
  const store = { now: () => NOW } as Parameters<typeof isInState>[0]['store'];
  const is = (record: SubjectRecord, state: Parameters<typeof isInState>[3], policies = unasked) =>
    isInState({ policies, store }, organization, { user, record }, state);

  it('is told by the record where that is enough: the policy is not asked for', async () => {
    for (const [record, activated] of [
      [emptySubject, false],
      [enrolled, true],
    ] as const) {
      assert.equal(await is(record, 'activated'), activated);
      assert.equal(await is(record, 'not-activated'), !activated);
    }
    assert.equal(await is(enrolled, 'in-grace'), false);
    assert.equal(await is({ ...enrolled, failures: 5, retryAt: NOW + 1 }, 'locked'), true);
    assert.equal(await is({ ...enrolled, failures: 5, retryAt: NOW }, 'locked'), false);
  });

  it('is read from what is asked for, and refused by name', () => {
    assert.equal(stateFrom(''), null);
    assert.equal(stateFrom('locked'), 'locked');
    assert.throws(
      () => stateFrom('nobody'),
      (error: FieldsError) => {
        assert.ok(error instanceof FieldsError);
        assert.deepEqual([error.status, error.error], [400, 'invalid_request']);
        assert.equal(error.message, 'The address was not understood.');
        return /one of: not-activated, activated, in-grace, locked/.test(
          String(error.fields.state),
        );
      },
    );
  });
});

describe('a lock', () => {
  it('has an end while somebody waits, none when only help ends it, and is no lock otherwise', () => {
    const of = (failures: number, retryAt: number | null) => lockOf({ failures, retryAt }, NOW);
    const free = { locked: false, retryAt: null, stopped: false };
    assert.deepEqual(of(0, null), free);
    assert.deepEqual(of(5, null), free);
    assert.deepEqual(of(5, NOW), free);
    const retryAt = new Date(NOW + 1);
    assert.deepEqual(of(5, NOW + 1), { locked: true, retryAt, stopped: false });
    assert.deepEqual(of(99, NOW + 1), { locked: true, retryAt, stopped: false });
    assert.deepEqual(of(100, NOW + 1), { locked: true, retryAt: null, stopped: true });
    assert.deepEqual(of(101, null), { locked: true, retryAt: null, stopped: true });
  });

  it('is cleared beforehand where the next wrong answer would begin one', () => {
    assert.deepEqual(
      [0, 4, 5, 100].map((failures) => isCounted({ failures })),
      [false, false, true, true],
    );
  });
});
