import type { PolicyReason, ProofRule } from '../contracts.js';
import { message } from '../messages/english.js';
import { type Demand, type Levels, reason, said } from './levels.js';
import { rulesOfBoth, ruleText } from './proof-rules.js';

/**
 * None unless the user's own organization names some; then those that the partner accepts as well. A partner that
 * names its clients' mechanisms without proofs accepts none, since proofs are not among the mechanisms named.
 */
export function resolveProofs(
  { own, partner, organization: { kind, partnerId } }: Levels,
  demands: readonly Demand[],
  because: PolicyReason[],
): readonly ProofRule[] {
  if (!own?.value.proofs?.length) return NO_PROOFS;
  for (const demand of demands) {
    if (!demand.proofs) continue;
    const rules = demand.proofs.map(ruleText).join('; ');
    const rule =
      rules === ''
        ? message('policy.proofs-none', demand.set)
        : message('policy.proofs', { rules, ...demand.set });
    because.push(said(demand, rule));
  }
  const floor = kind === 'client' ? partner?.value.clientsMust : null;
  if (!floor || partnerId === null) return own.value.proofs;
  if (floor.proofs) return Object.freeze(rulesOfBoth(own.value.proofs, floor.proofs));
  // A partner that demands phishing resistance has not said whose proofs of it to accept.
  if (floor.methods === null && !floor.phishingResistant) return own.value.proofs;
  because.push(reason('partner', partnerId, message('policy.proofs-not-named')));
  return NO_PROOFS;
}

const NO_PROOFS: readonly ProofRule[] = Object.freeze([]);
