import { verifySync } from 'otplib';
import { foldTypedCode } from '../../crypto/typed-code.js';

export interface TotpParameters {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: 6 | 8;
  /** Seconds of one time step. */
  readonly period: number;
}

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

/** The time step whose code this is, at the given time (ms) ± 1 step; null when there is none. */
export function matchingStep(
  code: string,
  secret: Uint8Array,
  { algorithm, digits, period }: TotpParameters,
  at: number,
): number | null {
  const result = verifySync({
    secret,
    token: code,
    algorithm,
    digits,
    period,
    epoch: Math.floor(at / 1000),
    epochTolerance: TOLERANCE_STEPS * period,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}

/** `sha1/6/30`: kept with each enrollment, so that a changed default leaves the old ones working. */
export function formatParameters({ algorithm, digits, period }: TotpParameters): string {
  return `${algorithm}/${digits}/${period}`;
}

export function parseParameters(text: string): TotpParameters {
  const found = /^(sha1|sha256|sha512)\/(6|8)\/(\d{1,3})$/.exec(text);
  if (!found) throw new Error(`unknown TOTP parameters ${JSON.stringify(text)}`);
  return {
    algorithm: found[1] as TotpParameters['algorithm'],
    digits: Number(found[2]) as TotpParameters['digits'],
    period: Number(found[3]),
  };
}
