import { ScureBase32Plugin } from 'otplib';
import type { TotpParameters } from './code.js';

const base32 = new ScureBase32Plugin();

/** The secret as a person types it into an app: base32 in groups of four. */
export function manualKey(secret: Uint8Array): string {
  return base32
    .encode(secret)
    .replace(/=+$/, '')
    .replace(/.{4}(?=.)/g, '$& ');
}

export interface KeyUri {
  readonly secret: Uint8Array;
  readonly issuer: string;
  readonly account: string;
  readonly parameters: TotpParameters;
}

/**
 * The key as authenticator apps read it from a QR code. The format separates issuer and account by a colon,
 * which the issuer itself therefore cannot hold: apps split at the first one, encoded or not.
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function keyUri({ secret, issuer, account, parameters }: KeyUri): string {
  const plainIssuer = issuer.replaceAll(':', '-');
  const label = `${encodeURIComponent(plainIssuer)}:${encodeURIComponent(account)}`;
  // Not URLSearchParams: several apps show its `+` for a space as a plus sign.
  const query = [
    ['secret', base32.encode(secret).replace(/=+$/, '')],
    ['issuer', encodeURIComponent(plainIssuer)],
    ['algorithm', parameters.algorithm.toUpperCase()],
    ['digits', parameters.digits],
    ['period', parameters.period],
  ];
  return `otpauth://totp/${label}?${query.map((pair) => pair.join('=')).join('&')}`;
}
