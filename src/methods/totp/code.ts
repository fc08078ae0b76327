import { createHmac } from 'node:crypto';
import { createGuardrails, type HashAlgorithm, NobleCryptoPlugin, verifySync } from 'otplib';
import { foldTypedCode } from '../../crypto/typed-code.js';
import { UnavailableError } from '../../errors.js';

export interface TotpParameters {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: 6 | 8;
  /** Seconds of one time step. */
  readonly period: number;
}

/** Imported secrets may have ten bytes; those made here have twenty. */
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 10 });

/** Each answer is compared with up to three codes, and the library's own HMAC is written in JavaScript. */
class NodeHmac extends NobleCryptoPlugin {
  override hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
    return createHmac(algorithm, key).update(data).digest();
  }
}

const crypto = new NodeHmac();

/** RFC 6238 §5.2: one step of tolerance on either side, for slow typing and clocks that are off. */
const TOLERANCE_STEPS = 1;

/**
 * The digits of a code as a person types or pastes it: see `foldTypedCode`. Null unless these are exactly `digits`
 * digits; letters are not dropped.
 */
export function readCode(value: unknown, digits: number): string | null {
  const code = foldTypedCode(value);
  return code !== null && code.length === digits && /^[0-9]+$/.test(code) ? code : null;
}

/**
 * Where a code of a wrong clock is looked for: around these steps, each with this tolerance (the library allows at
 * most 49). Together they cover a little more than an hour: summer time, or the next time zone.
 */
const CLOCK_WINDOWS = { around: [0, -80, 80], tolerance: 45 } as const;

/** The time step of this code, at the given time (ms) ± `tolerance` steps; null for none. */
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
    crypto,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}

/**
 * By how many milliseconds the clock of this code is fast at the given time (ms), negative if slow; null beyond about
 * an hour. Such a code is never accepted. Only for somebody who was shown the secret: others would learn that a guess
 * is right at another time.
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

/** `sha1/6/30`: kept with each enrollment, so that old ones keep working when a default changes. */
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
