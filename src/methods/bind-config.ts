import type { Keyring, SecondFactorStore } from '../contracts.js';

export interface BindConfig {
  readonly store: SecondFactorStore;
  readonly keyring: Keyring;
  readonly enrollmentMaxAgeMs: number;
  /** How long a method may take to answer. */
  readonly timeoutMs: number;
  /** Told when a secret could not be sealed again under the first key; the login has gone on. */
  readonly onError: (error: unknown) => void;
}
