import {
  type DuoOptions,
  duo,
  type MethodPlan,
  type RecoveryCodeOptions,
  recoveryCodes,
  type SecondFactorStore,
  type TotpOptions,
  totp,
} from 'sallyport';
import type { Keyring, MethodServices } from '../../src/contracts.js';
import { bindMethod } from '../../src/methods/bound.js';
import { type EnrollableMethod, isEnrollable } from '../../src/methods/bound-method.js';

/** The default methods, with options for some of them. */
export function methodsWith({
  totp: ofTotp,
  duo: ofDuo,
  recoveryCodes: ofCodes,
}: {
  readonly totp?: TotpOptions;
  readonly duo?: DuoOptions;
  readonly recoveryCodes?: RecoveryCodeOptions;
}): readonly MethodPlan[] {
  return [totp(ofTotp), duo(ofDuo), recoveryCodes(ofCodes)];
}

export interface BoundOptions {
  readonly store: SecondFactorStore;
  readonly keyring: Keyring;
  readonly onError?: (error: unknown) => void;
  /** How long a method may take; by default long enough for any that answers. */
  readonly timeoutMs?: number;
}

/** What a door lends its methods, without a door. */
function servicesOf({ store, keyring, onError }: BoundOptions): MethodServices {
  return {
    ...{ store, keyring, origin: 'https://console.example', path: () => '/two-factor' },
    ...{ brandName: () => '', appNamed: () => {}, say: String, readSetting: () => null },
    onError: onError ?? fail,
  };
}

/** One method as pages and strategies use it, without a door. */
export function bound(plan: MethodPlan, options: BoundOptions) {
  const method = typeof plan === 'function' ? plan(servicesOf(options)) : plan;
  return bindMethod(method, {
    ...{ store: options.store, keyring: options.keyring, onError: options.onError ?? fail },
    ...{ enrollmentMaxAgeMs: 600_000, timeoutMs: options.timeoutMs ?? 5000 },
  });
}

/** The same of one that can be activated. */
export function boundEnrollable(plan: MethodPlan, options: BoundOptions): EnrollableMethod {
  const method = bound(plan, options);
  if (!isEnrollable(method)) throw new Error(`${method.name} cannot be activated`);
  return method;
}

function fail(error: unknown): never {
  throw error;
}
