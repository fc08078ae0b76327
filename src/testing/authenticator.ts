import { createGuardrails, generateSync, ScureBase32Plugin } from 'otplib';
import { z } from 'zod';
import { checkOptions, functionOption, optionsObject } from '../check-options.js';
import { SallyportError } from '../errors.js';
import type { TestClock } from './test-clock.js';

export interface AuthenticatorOptions {
  /** Milliseconds since 1970, for codes of no stated time: a `testClock()`'s. Default: this machine's clock. */
  readonly now?: () => number;
}

/** What an authenticator app does with a key. Times are milliseconds since 1970. */
export interface Authenticator {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: 6 | 8;
  /** Seconds of one time step. */
  readonly period: number;
  /** The code that the app shows at a time. */
  code(at?: number): string;
  /** The codes of the step before, of this one and of the one after: those that a door accepts. */
  codesAround(at?: number): readonly [before: string, present: string, after: string];
  /** A code of the right form that is wrong at any time near this one. */
  wrongCode(at?: number): string;
}

const schema = z.preprocess(
  // A whole clock is taken as well, of which `now` is the one thing that matters here.
  (options) => (isClock(options) ? { now: options.now } : options),
  optionsObject({
    now: functionOption<() => number>('a function that gives milliseconds since 1970').optional(),
  }),
);

const base32 = new ScureBase32Plugin();
/** Some apps were given keys of 80 bits. */
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 10 });

/**
 * An authenticator app for tests, from the manual key of the activation page (`data-sp="totp-key"`, with its
 * spaces or without) or from an otpauth URI, which also states digits, algorithm and period. Throws
 * ERR_OPTION for anything else; the message does not repeat the key.
 *
 * @example
 * const app = authenticator(key, clock);
 * await post('/two-factor/challenge/totp', { code: app.code() });
 */
export function authenticator(key: string, options: AuthenticatorOptions = {}): Authenticator {
  const { now = Date.now } = checkOptions(options, schema, { name: 'authenticator' });
  const { secret, algorithm, digits, period } = readKey(key);
  const stepMs = period * 1000;
  const code = (at = now()): string =>
    generateSync({ secret, algorithm, digits, period, epoch: Math.floor(at / 1000), guardrails });

  return {
    algorithm,
    digits,
    period,
    code,
    codesAround: (at = now()) => [code(at - stepMs), code(at), code(at + stepMs)],
    wrongCode(at = now()) {
      // Two more steps on either side than the door accepts, in case its clock is off.
      const right = new Set([-3, -2, -1, 0, 1, 2, 3].map((step) => code(at + step * stepMs)));
      // Of eight different codes at most seven are taken.
      return ['0', '1', '2', '3', '4', '5', '6', '7']
        .map((digit) => digit.repeat(digits))
        .find((one) => !right.has(one)) as string;
    },
  };
}

function isClock(options: unknown): options is TestClock {
  return typeof (options as Partial<TestClock> | null)?.advance === 'function';
}

type Parameters = Pick<Authenticator, 'algorithm' | 'digits' | 'period'> & {
  readonly secret: Uint8Array;
};

function readKey(key: unknown): Parameters {
  if (typeof key !== 'string') throw refused(`must be a text, got ${typeof key}`);
  if (!/^otpauth:/i.test(key)) {
    return { secret: decode(key), algorithm: 'sha1', digits: 6, period: 30 };
  }
  if (!URL.canParse(key) || new URL(key).host !== 'totp') {
    throw refused('is an otpauth URI, but not of the kind otpauth://totp/…');
  }
  const query = new URL(key).searchParams;
  const algorithm = (query.get('algorithm') ?? 'SHA1').toLowerCase();
  const digits = Number(query.get('digits') ?? 6);
  const period = Number(query.get('period') ?? 30);
  if (algorithm !== 'sha1' && algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw refused(`names the algorithm ${algorithm}`);
  }
  if (digits !== 6 && digits !== 8) throw refused(`asks for ${digits} digits, not 6 or 8`);
  if (!Number.isInteger(period) || period < 1) throw refused(`has a period of ${period} seconds`);
  return { secret: decode(query.get('secret') ?? ''), algorithm, digits, period };
}

function decode(text: string): Uint8Array {
  const letters = text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  if (!/^[A-Z2-7]{16,}$/.test(letters)) {
    throw refused('must be base32 of at least 80 bits, or an otpauth URI with such a secret');
  }
  return base32.decode(letters);
}

function refused(what: string): SallyportError {
  return new SallyportError('ERR_OPTION', `authenticator: the key ${what}`);
}
