import { randomBytes } from 'node:crypto';
import { checkOptions, option, optionsObject } from '../../check-options.js';
import type { Enrollment, Message, Method, PendingContext } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { rejected } from '../ask.js';
import type { MethodPlan } from '../pages.js';
import { appNames } from './app-names.js';
import {
  clockOffset,
  formatParameters,
  matchingStep,
  parseParameters,
  readCode,
  type TotpParameters,
} from './code.js';
import { totpImport } from './imports.js';
import type { Own, TotpChallengeLocals, TotpHandoverLocals } from './locals.js';
import { type ShownKey, shownKey } from './shown-key.js';
import { TOTP_WORDS, totpWords } from './words.js';

declare module '../../contracts/subject.js' {
  interface MethodNames {
    totp: true;
  }
}

/** Five: a phone, the one before it, a tablet, a password manager, and one to spare. */
export const TOTP = { name: 'totp', title: 'Authenticator app', atMost: 5 } as const;

/** RFC 4226 §4 R6 recommends 160 bits. */
const SECRET_BYTES = 20;

export interface TotpOptions {
  /** The length of codes of new enrollments. Default 6. */
  readonly digits?: 6 | 8;
  /** The algorithm of new enrollments; many apps know only sha1. Default `sha1`. */
  readonly algorithm?: TotpParameters['algorithm'];
}

const schema = optionsObject({
  digits: option<6 | 8>('6 or 8', (value) => value === 6 || value === 8).default(6),
  algorithm: option<TotpParameters['algorithm']>("'sha1', 'sha256' or 'sha512'", (value) =>
    ['sha1', 'sha256', 'sha512'].includes(String(value)),
  ).default('sha1'),
});

/**
 * Time-based one-time passwords (RFC 6238), as authenticator apps make them. Enrollments keep the parameters
 * that they were made with. Throws ERR_OPTION.
 * @example sallyport({ methods: [totp({ digits: 8 }), recoveryCodes()] })
 */
export function totp(options: TotpOptions = {}): MethodPlan {
  const parameters = { ...checkOptions(options, schema, { name: 'totp' }), period: 30 };

  return ({ appNamed, say }) =>
    ({
      ...TOTP,
      words: TOTP_WORDS,
      throttle: 'lockout',
      pure: true,
      answer: { code: { maxLength: 200 } },
      views: ['challenge', 'activate', 'handover', 'key'].map((view) => `totp/${view}`),
      imports: totpImport,

      // An enrollment may have another code length than new ones, so both are accepted here.
      wellFormed: ({ code }) => readCode(code, 6) !== null || readCode(code, 8) !== null,

      /** The code lengths are those of the person's apps, which may differ from new ones. */
      prompt({ enrollments, issuer }) {
        const lengths = digitsOf(enrollments, parameters);
        return {
          kind: 'form',
          view: 'totp/challenge',
          title: say(totpWords('challenge.title')),
          locals: {
            issuer: appNames({ issuer, account: '' }).issuer,
            digits: lengths[0],
            digitsText: say(digitsText(lengths)),
          } satisfies Own<TotpChallengeLocals>,
          json: { digits: lengths[0], ...(lengths.length > 1 && { digitsAccepted: lengths }) },
        };
      },

      verify({ enrollments, now }, { code: typed }) {
        let replayed = false;
        for (const { id, parameters: own, lastStep, secret } of enrollments) {
          const made = parseParameters(own);
          const code = readCode(typed, made.digits);
          const step = code === null ? null : matchingStep(code, secret(), made, now);
          if (step === null) continue;
          // RFC 6238 §5.2: a code is accepted once.
          if (step > lastStep) return { kind: 'accepted', enrollmentId: id, step };
          replayed = true;
        }
        return rejected(replayed ? 'replayed' : 'wrong-code');
      },

      enrollment: {
        begin({ subject, issuer, account }) {
          appNamed(subject, appNames({ issuer, account }));
          return { secret: randomBytes(SECRET_BYTES), parameters: formatParameters(parameters) };
        },

        prompt({ pending, issuer, account }) {
          const shown = (): ShownKey => shownKey(pending, { issuer, account }, say);
          const title = say(message('activate.title'));
          // Only the administrator was shown the key: a stolen password must not be enough to see it.
          if (pending.basis === 'handover') {
            const { digits } = parseParameters(pending.parameters);
            const names = appNames({ issuer, account });
            return {
              ...{ kind: 'form', view: 'totp/handover', title },
              locals: { issuer: names.issuer, digits } satisfies Own<TotpHandoverLocals>,
              json: { enrollment: pending.id, digits },
            };
          }
          return {
            ...{ kind: 'form', view: 'totp/activate', title },
            locals: () => shown().locals(),
            json: () => shown().json,
          };
        },

        confirm({ pending, now }, { code: typed }) {
          const own = parseParameters(pending.parameters);
          const code = readCode(typed, own.digits);
          const step = code === null ? null : matchingStep(code, pending.secret(), own, now);
          if (step !== null) return { kind: 'accepted', step };
          const offset = code !== null && tellsClock(pending) ? offsetOf(code) : null;
          const refusal = rejected('wrong-code');
          return offset === null ? refusal : { ...refusal, clockOffMs: offset };

          function offsetOf(given: string): number | null {
            return clockOffset(given, pending.secret(), own, now);
          }
        },

        handOver: {
          show({ pending, issuer, account }) {
            const locals = shownKey(pending, { issuer, account }, say).locals();
            const { key, uri, qr, digits } = locals;
            return { view: 'totp/key', locals, json: { key, uri, qr, digits } };
          },

          field: ({ pending }) => ({
            label: say(totpWords('key.label')),
            hint: say(digitsText([parseParameters(pending.parameters).digits])),
          }),
        },
      },
    }) satisfies Method;
}

/** Whether a wrong clock may be told: not for a key that was handed over or not shown to this session. */
function tellsClock({ own, basis }: PendingContext): boolean {
  return own && basis !== 'handover';
}

/** The lengths of a person's codes, shortest first; that of a new app for somebody without one. */
function digitsOf(
  enrollments: readonly Enrollment[],
  { digits }: TotpParameters,
): readonly [number, ...number[]] {
  const own = enrollments.map((one) => parseParameters(one.parameters).digits);
  const [shortest = digits, ...others] = [...new Set(own)].sort((one, other) => one - other);
  return [shortest, ...others];
}

function digitsText([digits, other]: readonly [number, ...number[]]): Message {
  return other === undefined
    ? totpWords('digits', { digits })
    : totpWords('digits-either', { one: digits, other });
}
