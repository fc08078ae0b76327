import { createHmac, timingSafeEqual } from 'node:crypto';

export type Parameters = Readonly<Record<string, string>>;

/** HMAC-SHA-1 over all parameters but `h`, in the order of their names, in base64; both sides sign like this. */
export function signatureOf({ h: _, ...parameters }: Parameters, secret: Uint8Array): string {
  const text = Object.keys(parameters)
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join('&');
  return createHmac('sha1', secret).update(text).digest('base64');
}

export function isSigned(parameters: Parameters, secret: Uint8Array): boolean {
  const given = Buffer.from(parameters.h ?? '', 'base64');
  const right = Buffer.from(signatureOf(parameters, secret), 'base64');
  return given.length === right.length && timingSafeEqual(given, right);
}
