import type { Entry } from './found.js';

/** What stands in an address `otpauth://totp/…`, as apps are given it; null for what is none of TOTP. */
export function totpOf(address: unknown): Entry | null {
  if (typeof address !== 'string' || !URL.canParse(address)) return null;
  const { protocol, host, searchParams } = new URL(address);
  const secret = searchParams.get('secret');
  if (protocol !== 'otpauth:' || host.toLowerCase() !== 'totp' || !secret) return null;
  const [algorithm, digits, period] = ['algorithm', 'digits', 'period'].map((name) =>
    searchParams.get(name),
  );
  return {
    ...{ secret, encoding: 'base32' },
    ...(algorithm && { algorithm }),
    ...(digits && { digits: Number(digits) }),
    ...(period && { period: Number(period) }),
  };
}
