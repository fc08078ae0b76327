import { checkOptions, option, optionsObject } from '../../check-options.js';
import { rejected } from '../ask.js';
import type { MethodPlan, PagedMethod } from '../pages.js';
import { type RecoveryCodeBits, readRecoveryCode, recoveryCodeDigests } from './codes.js';
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

const RECOVERY_CODE = 'recovery-code';

export interface RecoveryCodeOptions {
  /** Of each new code: 80 are safe here (see docs/architecture.md), 120 where an auditor asks. Default 80. */
  readonly bits?: RecoveryCodeBits;
}

const schema = optionsObject({
  bits: option<RecoveryCodeBits>('80 or 120', (value) => value === 80 || value === 120).default(80),
});

/**
 * Single-use codes of 80 random bits or more, made at the first activation: too many to guess, so they wait
 * like the others but never stop. Throws ERR_OPTION.
 * @example sallyport({ methods: [totp(), recoveryCodes({ bits: 120 })] })
 */
export function recoveryCodes(options: RecoveryCodeOptions = {}): MethodPlan {
  const { bits } = checkOptions(options, schema, { name: 'recoveryCodes' });

  return ({ store, keyring, say }) =>
    ({
      name: RECOVERY_CODE,
      title: 'Recovery code',
      words: RECOVERY_CODE_WORDS,
      role: 'backup',
      throttle: 'backoff',
      pure: true,
      events: RECOVERY_CODE_EVENTS,
      answer: { code: { maxLength: 200 } },
      views: ['challenge', 'codes', 'left', 'profile'].map((view) => `recovery-code/${view}`),
      wellFormed: ({ code }) => readRecoveryCode(code) !== null,

      prompt: () => ({
        ...{
          kind: 'form',
          view: 'recovery-code/challenge',
          title: say(recoveryCodeWords('challenge.title')),
        },
      }),

      verify({ subject }, { code }) {
        const spends = recoveryCodeDigests(keyring, subject, code);
        return spends ? { kind: 'accepted', spends } : rejected('malformed');
      },

      pages: (web) => recoveryCodePages({ web, store, keyring, bits }),
    }) satisfies PagedMethod;
}
