import assert from 'node:assert/strict';
import { emptySubject, type Subject } from '../../src/contracts.js';
import { explain } from '../../src/policy/explain.js';
import { resolveSettings } from '../support/policy.js';
import { client, EVERY_METHOD, set } from './levels.js';

describe('an explanation', () => {
  const USER1: Subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
  const enrollment = {
    id: 'e1',
    label: 'App',
    parameters: '',
    createdAt: Date.UTC(2026, 0, 3),
    lastUsedAt: null,
  };
  const required = resolveSettings(
    client({ own: set({ mode: 'required', methods: ['totp'] }) }),
    EVERY_METHOD,
  );

  it('says what holds, why, and what is activated', () => {
    const record = { ...emptySubject, enrollments: [{ ...enrollment, method: 'totp' }] };
    const { sentences, policy, subject } = explain(USER1, required, record);
    assert.equal(policy, required);
    assert.equal(subject, USER1);
    assert.equal(
      sentences[0],
      'user1@acme.example: two-factor is required, with totp, recovery-code.',
    );
    assert.equal(sentences.length, required.because.length + 2);
    assert.ok(
      sentences.includes(
        'Because client acme: two-factor is required (set by admin@acme.example on 2026-01-02).',
      ),
    );
    assert.ok(
      sentences.includes(
        'Because client acme: accepts totp (set by admin@acme.example on 2026-01-02).',
      ),
    );
    assert.equal(sentences.at(-1), 'Activated: totp on 2026-01-03.');
    assert.ok(sentences.includes('By default: a proof counts as long as the app has it.'));
  });

  it('lists everything that is activated, and is content when one of it is accepted', () => {
    const enrollments = ['duo', 'totp'].map((method) => ({ ...enrollment, method }));
    const { sentences } = explain(USER1, required, { ...emptySubject, enrollments });
    assert.equal(sentences.at(-1), 'Activated: duo on 2026-01-03, totp on 2026-01-03.');
  });

  it('says that nothing is activated', () => {
    assert.equal(explain(USER1, required, emptySubject).sentences.at(-1), 'Nothing is activated.');
    const at = Date.UTC(2026, 0, 31, 12);
    const record = { ...emptySubject, signIn: { by: 'okta', at, amr: ['mfa'], acr: null } };
    const last = (now?: number) => explain(USER1, required, record, String, now).sentences.at(-1);
    assert.equal(last(), 'Their sign-in opened the door last by okta on 2026-01-31.');
    for (const [age, words] of [
      [-1000, 'just now'],
      [90_000, 'a minute ago'],
      [119 * 60_000, '119 minutes ago'],
      [3 * 3_600_000, '3 hours ago'],
      [72 * 3_600_000, '3 days ago'],
    ] as const) {
      assert.equal(last(at + age), `Their sign-in opened the door last by okta, ${words}.`);
    }
  });

  it('says that what is activated is no longer accepted', () => {
    const record = { ...emptySubject, enrollments: [{ ...enrollment, method: 'duo' }] };
    assert.match(
      explain(USER1, required, record).sentences.at(-1) ?? '',
      /any longer: another one/,
    );
  });

  it('of somebody who has to do nothing lists no methods', () => {
    const off = resolveSettings(client(), EVERY_METHOD);
    const enrollments = [{ ...enrollment, method: 'totp' }];
    const { sentences } = explain(USER1, { ...off, methods: [] }, { ...emptySubject, enrollments });
    assert.equal(sentences[0], 'user1@acme.example: two-factor is off.');
    assert.equal(sentences.at(-1), 'Activated: totp on 2026-01-03.');
  });
});
