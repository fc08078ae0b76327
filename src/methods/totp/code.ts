import { createGuardrails, verifySync } from 'otplib';
import { foldTypedCode } from '../../crypto/typed-code.js';
import { UnavailableError } from '../../errors.js';

export interface TotpParameters {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: 6 | 8;
  /** Seconds of one time step. */
  readonly period: number;
}

/** Secrets of ten bytes are verified, as some were made elsewhere; those that are made here have twenty. */
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 10 });

/** RFC 6238 §5.2: one step of tolerance on either side, for slow typing and clocks that are off. */
const TOLERANCE_STEPS = 1;

/**
 * The digits of a code as a person types or pastes it: see `foldTypedCode`. Null for whatever is not exactly
 * `digits` digits then; a letter is not dropped.
 */
export function readCode(value: unknown, digits: number): string | null {
  const code = foldTypedCode(value);
  return code !== null && code.length === digits && /^[0-9]+$/.test(code) ? code : null;
}

/**
 * Where a code is looked for whose clock is off: around these steps, each with this tolerance (the library takes
 * no more than 49), which together is an hour and some: summer time, or the time zone beside.
 */
const CLOCK_WINDOWS = { around: [0, -80, 80], tolerance: 45 } as const;

/** The time step whose code this is, at the given time (ms) ± `tolerance` steps; null when there is none. */
export function matchingStep(
  code: string,
  secret: Uint8Array,
  { algorithm, digits, period }: TotpParameters,
  at: number,
  tolerance = TOLERANCE_STEPS,
): number | null {
  const result = verifySync({
    secret,
    token: code,
    algorithm,
    digits,
    period,
    epoch: Math.floor(at / 1000),
    epochTolerance: tolerance * period,
    guardrails,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}

/**
 * By how many milliseconds the clock is fast that shows this code at the given time (ms), negative where it is
 * slow; null when it is none of about an hour around. Such a code is never accepted. Only for whoever was shown
 * the secret: to anybody else it would tell that a guess is right at another time, and will be.
 */
export function clockOffset(
  code: string,
  secret: Uint8Array,
  parameters: TotpParameters,
  at: number,
): number | null {
  const { around, tolerance } = CLOCK_WINDOWS;
  const stepMs = parameters.period * 1000;
  for (const steps of around) {
    const step = matchingStep(code, secret, parameters, at + steps * stepMs, tolerance);
    if (step !== null) return (step - Math.floor(at / stepMs)) * stepMs;
  }
  return null;
}

/** `sha1/6/30`: kept with each enrollment, so that a changed default leaves the old ones working. */
export function formatParameters({ algorithm, digits, period }: TotpParameters): string {
  return `${algorithm}/${digits}/${period}`;
}

export function parseParameters(text: string): TotpParameters {
  const found = /^(sha1|sha256|sha512)\/(6|8)\/(\d{1,3})$/.exec(text);
  if (!found) {
    throw new UnavailableError('ERR_METHOD', `unknown TOTP parameters ${JSON.stringify(text)}`);
  }
  return {
    algorithm: found[1] as TotpParameters['algorithm'],
    digits: Number(found[2]) as TotpParameters['digits'],
    period: Number(found[3]),
  };
}
