import { ScureBase32Plugin } from 'otplib';
import { type AppNames, appNames } from './app-names.js';
import type { TotpParameters } from './code.js';

const base32 = new ScureBase32Plugin();

/** The secret as a person types it into an app: base32 in groups of four. */
export function manualKey(secret: Uint8Array): string {
  return base32
    .encode(secret)
    .replace(/=+$/, '')
    .replace(/.{4}(?=.)/g, '$& ');
}

/** Reads such a key, with or without spaces, dashes and padding; null for anything else. */
export function readKey(text: string): Uint8Array | null {
  const letters = text.replace(/[\s=-]/g, '').toUpperCase();
  return /^[A-Z2-7]+$/.test(letters) ? base32.decode(letters) : null;
}

export interface KeyUri extends AppNames {
  readonly secret: Uint8Array;
  readonly parameters: TotpParameters;
}

/**
 * The key as authenticator apps read it from a QR code, with the names as `appNames` makes them.
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function keyUri({ secret, parameters, ...names }: KeyUri): string {
  const { issuer, account } = appNames(names);
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  // Not URLSearchParams: several apps show its `+` for a space as a plus sign.
  const query = [
    ['secret', base32.encode(secret).replace(/=+$/, '')],
    ['issuer', encodeURIComponent(issuer)],
    ['algorithm', parameters.algorithm.toUpperCase()],
    ['digits', parameters.digits],
    ['period', parameters.period],
  ];
  return `otpauth://totp/${label}?${query.map((pair) => pair.join('=')).join('&')}`;
}
