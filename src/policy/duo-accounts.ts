import { type Awaitable, authorityId, type Policy, type StoredSetting } from '../contracts.js';
import type { ResolvePolicy } from './resolve.js';
import { organizationSetting } from './settings.js';

/**
 * Says of whose Duo account the keys are that a policy names, where it does not say so itself: an activation
 * counts at the account that it was made at, and at no other.
 */
export function withDuoAccounts(
  resolve: ResolvePolicy,
  readSetting: (organizationId: string) => Awaitable<StoredSetting | null>,
): ResolvePolicy {
  const completed = new WeakMap<Policy, Policy>();

  function complete(policy: Policy, stored: StoredSetting | null): Policy {
    const { duo } = policy;
    const keys = duo && organizationSetting(stored, duo.source)?.value.duo?.keys;
    // Whoever has activated Duo is asked for it then, and told that it does not work.
    if (!keys) return policy;
    const account = authorityId(keys.apiHost);
    const known = completed.get(policy);
    if (known?.duo?.account === account) return known;
    const whole = Object.freeze({
      ...policy,
      duo: Object.freeze({ ...duo, account }),
    });
    completed.set(policy, whole);
    return whole;
  }

  function completeLater(policy: Policy): Awaitable<Policy> {
    if (policy.duo === null || policy.duo.account !== undefined) return policy;
    const stored = readSetting(policy.duo.source);
    return stored instanceof Promise
      ? stored.then((late) => complete(policy, late))
      : complete(policy, stored);
  }

  return function resolveWithAccount(subject) {
    const policy = resolve(subject);
    return policy instanceof Promise ? policy.then(completeLater) : completeLater(policy);
  };
}
