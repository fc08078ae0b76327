import type { Keyring, SecondFactorMethod, SecondFactorStore, Verdict } from '../../contracts.js';
import { readRecoveryCode, recoveryCodeDigests } from './codes.js';
import { RECOVERY_CODE_WORDS } from './words.js';

export const RECOVERY_CODE = 'recovery-code';

export interface RecoveryCodeConfig {
  readonly store: Pick<SecondFactorStore, 'spendRecoveryCode'>;
  readonly keyring: Keyring;
}

/** Single-use codes of 80 random bits or more: too many to guess, so they wait like the others but never stop. */
export function recoveryCode({ store, keyring }: RecoveryCodeConfig) {
  return {
    name: RECOVERY_CODE,
    title: 'Recovery code',
    words: RECOVERY_CODE_WORDS,
    counting: 'waits',
    wellFormed: ({ code }) => readRecoveryCode(code) !== null,

    async challenge() {
      return { method: RECOVERY_CODE, kind: 'form', data: {} };
    },

    async verify({ subject, epoch, input }, { at }): Promise<Verdict> {
      const candidates = recoveryCodeDigests(keyring, subject, input.code);
      if (!candidates) return { kind: 'rejected', reason: 'malformed' };
      const spent = await store.spendRecoveryCode(subject.id, candidates, epoch);
      switch (spent.kind) {
        case 'spent':
          return { kind: 'verified', enrollmentId: RECOVERY_CODE, epoch: spent.epoch, at };
        case 'unknown':
          return { kind: 'rejected', reason: 'wrong-code' };
        case 'ended':
          return { kind: 'rejected', reason: 'ended' };
        default:
          return spent satisfies never;
      }
    },
  } satisfies SecondFactorMethod;
}
