import { checkOptions, option, optionsObject } from '../../check-options.js';
import type { Answered, Subject } from '../../contracts.js';
import { nonsense, rejected } from '../ask.js';
import type { MethodPlan, PagedMethod } from '../pages.js';
import { type RecoveryCodeBits, readRecoveryCode, recoveryCodeDigests } from './codes.js';
import { foreignCodeDigests, hashDigests, hashesIn, recoveryCodeImport } from './imports.js';
import { recoveryCodePages } from './pages.js';
import { RECOVERY_CODE_EVENTS, RECOVERY_CODE_WORDS, recoveryCodeWords } from './words.js';

declare module '../../contracts/subject.js' {
  interface MethodNames {
    'recovery-code': true;
  }
}

declare module '../../contracts/events.js' {
  interface MethodEventTypes {
    'recovery-codes.made': true;
  }
}

export const RECOVERY_CODE = { name: 'recovery-code', title: 'Recovery code' } as const;

export interface RecoveryCodeOptions {
  /** Of each new code: 80 are safe here (see docs/architecture.md), 120 where an auditor asks. Default 80. */
  readonly bits?: RecoveryCodeBits;
  /**
   * For codes that were imported as hashes. Without it, users with such codes are given new ones at the next login.
   */
  readonly legacyHash?: LegacyHash;
}

export interface LegacyHash {
  /**
   * Whether a code, as it was typed (trimmed), matches an imported hash: exactly `true` or `false`. Called for one
   * hash after the other until one matches, all within `methodTimeout`. The attempt is counted before, and a matching
   * code is spent. An error is a 503.
   * @example verify: (code, hash) => bcrypt.compare(code, hash)
   */
  verify(code: string, hash: string, subject: Subject): boolean | Promise<boolean>;
}

const schema = optionsObject({
  bits: option<RecoveryCodeBits>('80 or 120', (value) => value === 80 || value === 120).default(80),
  legacyHash: option<LegacyHash>(
    '{ verify: (code, hash) => true or false }',
    (value) => typeof Object(value).verify === 'function',
  ).optional(),
});

/**
 * Single-use codes of 80 random bits or more, made at the first activation: too many to guess, so they wait
 * like the others but never stop. Throws ERR_OPTION.
 * @example sallyport({ methods: [totp(), recoveryCodes({ bits: 120 })] })
 */
export function recoveryCodes(options: RecoveryCodeOptions = {}): MethodPlan {
  const { bits, legacyHash } = checkOptions(options, schema, { name: 'recoveryCodes' });

  return ({ store, keyring, say }) => {
    return {
      ...RECOVERY_CODE,
      words: RECOVERY_CODE_WORDS,
      role: 'backup',
      throttle: 'backoff',
      // A function of the host may be slow.
      pure: legacyHash === undefined,
      imports: recoveryCodeImport,
      events: RECOVERY_CODE_EVENTS,
      answer: { code: { maxLength: 200 } },
      views: ['challenge', 'codes', 'left', 'profile'].map((view) => `recovery-code/${view}`),
      wellFormed: ({ code }, person) =>
        readRecoveryCode(code) !== null || (person?.foreignCodes ?? null) !== null,

      prompt: () => ({
        ...{
          kind: 'form',
          view: 'recovery-code/challenge',
          title: say(recoveryCodeWords('challenge.title')),
        },
      }),

      verify({ subject, foreignCodes }, { code }) {
        const hashes = foreignCodes ? hashesIn(foreignCodes()) : [];
        if (hashes.length > 0) {
          return legacyHash
            ? verifyHashed(legacyHash, subject, String(code).trim(), hashes)
            : { ...rejected('not-accepted'), because: 'hashed' };
        }
        const own = recoveryCodeDigests(keyring, subject, code);
        if (own) return { kind: 'accepted', spends: own };
        const imported = foreignCodes && foreignCodeDigests(keyring, subject, code);
        return imported
          ? { kind: 'accepted', spends: imported, guessable: true }
          : rejected('malformed');
      },

      pages: (web) =>
        recoveryCodePages({ web, store, keyring, bits, readsHashes: legacyHash !== undefined }),
    } satisfies PagedMethod;

    async function verifyHashed(
      { verify }: LegacyHash,
      subject: Subject,
      code: string,
      hashes: readonly string[],
    ): Promise<Answered> {
      for (const hash of hashes) {
        const fits: unknown = await verify(code, hash, subject);
        if (fits === true) {
          const spends = hashDigests(keyring, subject, hash);
          return { kind: 'accepted', spends, guessable: true };
        }
        if (fits !== false)
          throw nonsense(RECOVERY_CODE.name, 'legacyHash.verify', 'true or false');
      }
      return rejected('wrong-code');
    }
  };
}
