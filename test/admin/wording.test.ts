import assert from 'node:assert/strict';
import { emptySubject } from 'sallyport';
import type { EffectivePolicy, Level } from '../../src/admin/effective-policy.js';
import { wording } from '../../src/admin/wording.js';
import { message } from '../../src/messages/english.js';
import { ENGLISH_SENTENCES } from '../support/sentences.js';

const TITLES: Readonly<Record<string, string>> = { totp: 'Authenticator app' };
const words = wording({ sentences: ENGLISH_SENTENCES }, (name) => TITLES[name] ?? name);
const STANDING: EffectivePolicy = {
  ...{ mode: 'off', from: [], policy: null, problem: null },
  ...{ contradicting: [], withoutSetting: [] },
};
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('how things stand, in words', () => {
  it('has a label, a tick mark and a tone for each mode', () => {
    const state = (mode: EffectivePolicy['mode']) => words.stateOf({ ...STANDING, mode });
    assert.deepEqual((['required', 'optional', 'off', 'contradictory'] as const).map(state), [
      { mode: 'required', on: true, tone: 'success', label: 'Required' },
      { mode: 'optional', on: true, tone: 'plain', label: 'Optional' },
      { mode: 'off', on: false, tone: 'plain', label: 'Off' },
      { mode: 'contradictory', on: false, tone: 'danger', label: 'Contradictory' },
    ]);
  });

  it('names every level that demands it', () => {
    const from = (...levels: Level[]) => words.fromWords({ ...STANDING, from: levels });
    assert.equal(from(), '');
    assert.equal(from('partner'), 'from partner');
    assert.equal(from('client'), 'from client');
    assert.equal(from('user'), 'from user');
    assert.equal(from('partner', 'client'), 'from partner and client');
    assert.equal(from('partner', 'user'), 'from partner and user');
    assert.equal(from('client', 'user'), 'from client and user');
    assert.equal(from('partner', 'client', 'user'), 'from partner and client and user');
  });

  it('gives the reason of a contradiction, or says that there is one', () => {
    const problem = message('admin.problem.none-left');
    const contradicting = [{ level: 'client', id: 'acme', rule: 'says so' }];
    assert.deepEqual(words.reasonsOf({ ...STANDING, problem, contradicting }), [
      String(problem),
      'Client acme: says so.',
    ]);
    assert.deepEqual(words.reasonsOf(STANDING), ['The settings contradict each other.']);
  });

  it('names each mechanism of a user once', () => {
    const one = { id: 'e1', createdAt: 0, lastUsedAt: null, parameters: '', label: '' };
    const of = (...methods: string[]) => ({
      ...emptySubject,
      enrollments: methods.map((method) => ({ ...one, method })) as typeof emptySubject.enrollments,
    });
    assert.equal(words.activatedWords(of()), null);
    assert.equal(words.activatedWords(of('totp', 'fax', 'totp')), 'Authenticator app, fax');
  });

  it('says an event by its type, and its detail as the catalog has it', () => {
    assert.equal(words.eventWords('activation-key.issued'), 'Activation key issued');
    assert.equal(words.eventWords('fax.sent'), 'fax.sent');
    const said = { key: 'time.hours', values: { count: 2 } };
    assert.equal(words.detailWords({ detail: 'as kept', said }), '2 hours');
    const unknown = { key: 'no.such.sentence', values: {} };
    assert.equal(words.detailWords({ detail: 'as kept', said: unknown }), 'as kept');
    const within = { key: 'time.hours', values: { count: unknown } };
    assert.equal(words.detailWords({ detail: 'as kept', said: within }), 'as kept');
    assert.equal(words.detailWords({ detail: null }), '');
  });

  it('says a time in minutes, in hours up to two days, and in days', () => {
    for (const [ms, said] of [
      [1, '1 minute'],
      [MINUTE, '1 minute'],
      [5 * MINUTE, '5 minutes'],
      [29 * MINUTE, '29 minutes'],
      [30 * MINUTE, '1 hour'],
      [24 * HOUR, '24 hours'],
      [48 * HOUR, '48 hours'],
      [49 * HOUR, '2 days'],
      [7 * 24 * HOUR, '7 days'],
    ] as const) {
      assert.equal(words.lifetimeWords(ms), said);
    }
  });
});
