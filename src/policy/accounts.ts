import {
  type Awaitable,
  type Policy,
  type PolicyMethod,
  partOf,
  type StoredSetting,
} from '../contracts.js';
import type { ResolvePolicy } from './resolve.js';
import { type SettingReader, storedOf } from './settings.js';

/**
 * Fills in `account`, whose word a method's proof rests on, when a policy names only the organization whose setting
 * is used (`source`). An activation counts only with the account that it was made with.
 */
export function withAccounts(
  resolve: ResolvePolicy,
  {
    methods,
    settings,
    readSetting,
  }: {
    readonly methods: readonly PolicyMethod[];
    readonly settings: SettingReader;
    readonly readSetting: (organizationId: string) => Awaitable<StoredSetting | null>;
  },
): ResolvePolicy {
  return methods
    .filter(({ settings }) => settings?.accountOf)
    .reduce((next, method) => withAccountOf(next, method), resolve);

  function withAccountOf(
    resolve: ResolvePolicy,
    { name, settings: own }: PolicyMethod,
  ): ResolvePolicy {
    const completed = new WeakMap<Policy, Policy>();

    function complete(policy: Policy, stored: unknown): Policy {
      // Without an account, users who have activated the method are still asked for it, and told that it is
      // unavailable.
      if (stored === null) return policy;
      const account = own?.accountOf?.(stored);
      const known = completed.get(policy);
      if (known && partOf(known, name)?.account === account) return known;
      const whole = Object.freeze({
        ...policy,
        [name]: Object.freeze({ ...partOf(policy, name), account }),
      });
      completed.set(policy, whole);
      return whole;
    }

    function completeLater(policy: Policy): Awaitable<Policy> {
      const { source, account } = partOf(policy, name) ?? {};
      if (source === undefined || account !== undefined) return policy;
      const read = (stored: StoredSetting | null) =>
        complete(policy, storedOf(settings.organization(stored, source)?.value ?? null, name));
      const stored = readSetting(source);
      return stored instanceof Promise ? stored.then(read) : read(stored);
    }

    return function resolveWithAccount(subject) {
      const policy = resolve(subject);
      return policy instanceof Promise ? policy.then(completeLater) : completeLater(policy);
    };
  }
}
