import { sign } from 'node:crypto';
import type { Issued } from './authority.js';

/** A JWS as FIDO signs its metadata (ES256), with the certificates of whoever signs it. */
export function signedBlob(
  content: object,
  { certificate, privateKey }: Issued,
  chain: readonly Buffer[],
  header: object = {},
): string {
  const x5c = [certificate, ...chain].map((one) => one.toString('base64'));
  const data = `${part({ alg: 'ES256', typ: 'JWT', x5c, ...header })}.${part(content)}`;
  const signature = sign('sha256', Buffer.from(data), {
    ...{ key: privateKey, dsaEncoding: 'ieee-p1363' },
  });
  return `${data}.${signature.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
