import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ProofRule, SignIn } from '../../src/contracts.js';
import { countingSignIns } from '../../src/gate/sign-in.js';
import { proofRule, rulesFromText, rulesOfBoth, rulesText } from '../../src/policy/proof-rules.js';
import { resolveSettings } from '../support/policy.js';
import { client, EVERY_METHOD, must, partnersOwn, set } from './levels.js';

const NOW = Date.UTC(2026, 0, 1);
const names = ['okta', 'entra'];
const values = ['mfa', 'hwk', 'pin'];
const some = (from: readonly string[]) => fc.subarray([...from]);

const anyRule: fc.Arbitrary<ProofRule> = fc
  .record({
    by: fc.constantFrom(...names),
    amr: some(values),
    acr: some(['gold', 'silver']),
    maxAgeSeconds: fc.constantFrom(60, 300, 3600),
    phishingResistant: fc.boolean(),
  })
  .filter(({ amr, acr }) => amr.length + acr.length > 0);
const anyRules = fc.array(anyRule, { maxLength: 3 });
const anySignIn: fc.Arbitrary<SignIn> = fc.record({
  by: fc.constantFrom(...names),
  at: fc.constantFrom(0, 59, 60, 299, 300, 3599, 3600).map((age) => NOW - age * 1000),
  amr: some(values),
  acr: fc.constantFrom('gold', 'silver', 'bronze', null),
});

/** Whether one rule takes it, written once more. */
const fits = (rule: ProofRule, { by, at, amr, acr }: SignIn) =>
  rule.by === by &&
  !rule.amr.some((value) => !amr.includes(value)) &&
  (rule.acr.length === 0 || rule.acr.includes(String(acr))) &&
  NOW - at < rule.maxAgeSeconds * 1000;

const counts = (signIn: SignIn, rules: readonly ProofRule[]) =>
  countingSignIns([signIn], rules, { now: NOW, limitMs: Number.POSITIVE_INFINITY, after: 0 })[0];

describe('the rules of what a sign-in has proven', () => {
  it('take what one of them takes', () => {
    fc.assert(
      fc.property(anyRules, anySignIn, (rules, signIn) => {
        const taking = rules.filter((rule) => fits(rule, signIn));
        const found = counts(signIn, rules);
        assert.equal(found !== undefined, taking.length > 0);
        if (found) {
          assert.equal(
            found.phishingResistant,
            taking.some((rule) => rule.phishingResistant),
          );
        }
      }),
    );
  });

  it('of two levels take what both of them take, and call nothing better than both do', () => {
    fc.assert(
      fc.property(anyRules, anyRules, anySignIn, (one, other, signIn) => {
        const [byOne, byOther] = [counts(signIn, one), counts(signIn, other)];
        const both = counts(signIn, rulesOfBoth(one, other));
        assert.equal(both !== undefined, byOne !== undefined && byOther !== undefined);
        assert.equal(
          both?.phishingResistant ?? false,
          (byOne?.phishingResistant ?? false) && (byOther?.phishingResistant ?? false),
        );
      }),
    );
  });

  it('are read as they are written', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const text = rulesText(rules);
        assert.deepEqual(
          (rulesFromText(text) ?? []).map((one) => proofRule.parse(one)),
          rules.map((rule) => ({ ...rule })),
        );
        assert.equal(
          rulesText((rulesFromText(text) ?? []).map((one) => proofRule.parse(one))),
          text,
        );
      }),
    );
    assert.equal(rulesFromText(' \r\n '), null);
    assert.deepEqual(rulesFromText('none'), []);
  });

  it('take nothing of as long ago as an end of all sessions, or longer', () => {
    fc.assert(
      fc.property(anyRules, anySignIn, fc.constantFrom(-1, 0, 1), (rules, signIn, later) => {
        const limits = { now: NOW, limitMs: Number.POSITIVE_INFINITY, after: signIn.at + later };
        const found = countingSignIns([signIn], rules, limits);
        assert.equal(found.length > 0, later < 0 && counts(signIn, rules) !== undefined);
      }),
    );
  });
});

describe('the rules of the levels', () => {
  const MFA: ProofRule = {
    ...{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 3600, phishingResistant: true },
  };
  const rulesAt = (levels: Parameters<typeof client>[0]) =>
    resolveSettings(client(levels), EVERY_METHOD).proofs;

  it('are none where the organization itself says nothing', () => {
    assert.deepEqual(rulesAt({}), []);
    assert.deepEqual(rulesAt({ own: set({ proofs: [] }) }), []);
    assert.deepEqual(rulesAt({ own: set(), partner: must({ proofs: [MFA] }) }), []);
    assert.deepEqual(rulesAt({ own: set(), partner: must({}, { proofs: [MFA] }) }), []);
  });

  it('are its own, as far as its partner takes them', () => {
    const own = set({ proofs: [MFA] });
    assert.deepEqual(rulesAt({ own }), [MFA]);
    assert.deepEqual(rulesAt({ own, partner: must({}) }), [MFA]);
    assert.deepEqual(rulesAt({ own, partner: must({ proofs: [] }) }), []);
    const strict = { ...MFA, amr: ['hwk'], maxAgeSeconds: 300, phishingResistant: false };
    assert.deepEqual(rulesAt({ own, partner: must({ proofs: [strict] }) }), [
      { ...strict, amr: ['mfa', 'hwk'] },
    ]);
    assert.deepEqual(rulesAt({ own, partner: must({ proofs: [{ ...MFA, by: 'entra' }] }) }), []);
  });

  it('are none where the partner names mechanisms alone; with its own methods they are its own', () => {
    const own = set({ proofs: [MFA], methods: ['totp'] });
    assert.deepEqual(rulesAt({ own }), [MFA]);
    assert.deepEqual(rulesAt({ own, partner: must({ methods: ['totp'] }) }), []);
    const named = must({ methods: ['totp'], proofs: [MFA] });
    assert.deepEqual(rulesAt({ own, partner: named }), [MFA]);
  });

  it('of a partner’s own users are the partner’s own', () => {
    const levels = partnersOwn({ own: must({ proofs: [] }, { proofs: [MFA] }) });
    assert.deepEqual(resolveSettings(levels, EVERY_METHOD).proofs, [MFA]);
  });
});
