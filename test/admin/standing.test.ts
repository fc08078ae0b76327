import assert from 'node:assert/strict';
import { emptySubject, type Policy } from 'sallyport';
import { asks, newlyShutsOut, type Standing, switchedOn } from '../../src/admin/standing.js';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const POLICY: Policy = {
  ...{ mode: 'required', methods: ['totp'], duo: null, enrollment: 'self', graceUntil: null },
  ...{ maxAgeSeconds: null, rememberDeviceSeconds: null, proofs: [], because: [] },
};

function standing(mode: Standing['mode'], policy: Partial<Policy> = {}): Standing {
  const held = mode === 'contradictory' ? null : { ...POLICY, mode, ...policy };
  return { mode, from: [], policy: held, problem: null, contradicting: [], withoutSetting: [] };
}

const [required, optional, off, contradictory] = (
  ['required', 'optional', 'off', 'contradictory'] as const
).map((mode) => standing(mode)) as [Standing, Standing, Standing, Standing];
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
    const asked = (of: Standing) => [asks(of, nobody), asks(of, enrolled)];
    assert.deepEqual(asked(required), [true, true]);
    assert.deepEqual(asked(optional), [false, true]);
    assert.deepEqual(asked(off), [false, false]);
    assert.deepEqual(asked(contradictory), [true, true], 'nobody gets in');
  });
});

describe('whom a change shuts out', () => {
  const shuts = (before: Standing, after: Standing, record = nobody) =>
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
    const until = (at: number) => standing('required', { graceUntil: new Date(at) });
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
    assert.equal(switchedOn(standing('off', { graceUntil: at }), null).policy?.graceUntil, null);
    assert.deepEqual(switchedOn(contradictory, null), { ...contradictory, mode: 'required' });
  });
});
