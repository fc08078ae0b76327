import { createHmac, timingSafeEqual } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

/** Duo allows this much difference between two clocks (seconds); so does its SDK. */
export const LEEWAY_SECONDS = 60;

export function signJwt(claims: Claims, secret: string, alg: 'HS512' | 'HS256' = 'HS512'): string {
  const input = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  return `${input}.${mac(input, secret, alg).toString('base64url')}`;
}

/** RFC 7515 appendix A.5: the "unsecured" form that a careless verifier accepts. */
export function unsignedJwt(claims: Claims): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

/** The claims of a JWT that is HS512 under `secret`, or null. Says nothing about the claims. */
export function openJwt(token: string, secret: string): Claims | null {
  const [header, payload, signature, ...rest] = token.split('.');
  if (!header || !payload || !signature || rest.length > 0) return null;
  if (decode(header)?.alg !== 'HS512') return null;
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(`${header}.${payload}`, secret, 'HS512');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return decode(payload);
}

export function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function mac(input: string, secret: string, alg: 'HS512' | 'HS256'): Buffer {
  return createHmac(alg === 'HS512' ? 'sha512' : 'sha256', secret)
    .update(input)
    .digest();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : null;
  } catch {
    return null;
  }
}
