import type { Keyring, SecondFactorStore } from '../contracts.js';

export interface BindConfig {
  readonly store: SecondFactorStore;
  readonly keyring: Keyring;
  readonly enrollmentMaxAgeMs: number;
  /** The deadline of a method's answer. */
  readonly timeoutMs: number;
  /** Called when a secret could not be sealed again under the first key; the login succeeds. */
  readonly onError: (error: unknown) => void;
}
