import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
import { z } from 'zod';
import type { MethodImport } from '../../contracts.js';
import { ALGORITHMS } from './ceremony.js';
import { formatFacts, isTransport, packCredential } from './credential.js';
import { MODELS } from './models.js';

/** A passkey or security key that was activated elsewhere, for the same RP ID. */
export interface SecurityKeyImport {
  /** base64url, as are `publicKey` and `userHandle`; base64 is read too. */
  readonly id: string;
  /** A COSE key: what @simplewebauthn/server calls `credential.publicKey`. */
  readonly publicKey: string;
  /** As of the last login. Default 0. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly aaguid?: string | undefined;
  /** What the key knows its person by; left out where it was not kept. */
  readonly userHandle?: string | undefined;
  /** Whether it may be copied to other devices. Left out, its first answer tells. */
  readonly deviceType?: 'singleDevice' | 'multiDevice' | undefined;
  readonly backedUp: boolean;
  readonly name?: string | undefined;
  /** ISO 8601. */
  readonly createdAt?: string | undefined;
}

const NO_MODEL = '00000000-0000-0000-0000-000000000000';
const MAX_LABEL = 64;

const base64 = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'must be base64url')
    .max(Math.ceil((bytes * 4) / 3) + 2);

export const securityKeyImport: MethodImport<SecurityKeyImport> = {
  field: 'securityKeys',

  item: z.strictObject({
    // WebAuthn §5.8.3: a credential's id is at most 1023 bytes.
    id: base64(1023),
    publicKey: base64(1000),
    counter: z.int().nonnegative().max(0xffffffff).default(0),
    transports: z.array(z.string().max(32)).max(10).default([]),
    aaguid: z.guid().toLowerCase().optional(),
    userHandle: base64(64).optional(),
    deviceType: z.enum(['singleDevice', 'multiDevice']).optional(),
    backedUp: z.boolean().default(false),
    name: z.string().trim().min(1).max(MAX_LABEL).optional(),
    createdAt: z.iso.datetime({ offset: true }).optional(),
  }),

  read({ name, createdAt, counter, deviceType, backedUp, userHandle, ...item }) {
    const [id, publicKey] = [bytesOf(item.id), bytesOf(item.publicKey)];
    checkPublicKey(publicKey);
    const aaguid = item.aaguid ?? NO_MODEL;
    const backupEligible = deviceType === 'multiDevice';
    if (backedUp && deviceType === 'singleDevice') {
      throw new Error('backedUp: a key of one device is on no other');
    }
    return {
      identity: id,
      secret: packCredential({
        ...{ id, publicKey, transports: item.transports.filter(isTransport) },
        userHandle: userHandle === undefined ? null : bytesOf(userHandle),
      }),
      parameters: formatFacts({
        ...{ aaguid, userVerified: false, backupEligible, backedUp },
        unknown: deviceType === undefined,
      }),
      label: name ?? MODELS[aaguid],
      createdAt: createdAt === undefined ? undefined : Date.parse(createdAt),
      step: counter,
    };
  },
};

/** Throws for a public key that could check nothing, and would lock its owner out. */
function checkPublicKey(bytes: Uint8Array<ArrayBuffer>): void {
  let jwk: JsonWebKey | null;
  let alg: number | undefined;
  try {
    const key = decodeCredentialPublicKey(bytes);
    alg = key.get(cose.COSEKEYS.alg);
    jwk = jwkOf(key);
    if (jwk) createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new Error('publicKey is no COSE key that can be read; a PEM or SPKI key is none');
  }
  if (!jwk || !ALGORITHMS.some((known) => known === alg)) {
    throw new Error(`publicKey is for the algorithm ${alg}; there are ${ALGORITHMS.join(', ')}`);
  }
}

function jwkOf(key: cose.COSEPublicKey): JsonWebKey | null {
  if (cose.isCOSEPublicKeyEC2(key)) {
    const [x, y] = [text(key.get(cose.COSEKEYS.x)), text(key.get(cose.COSEKEYS.y))];
    return key.get(cose.COSEKEYS.crv) === cose.COSECRV.P256
      ? { kty: 'EC', crv: 'P-256', x, y }
      : null;
  }
  if (cose.isCOSEPublicKeyOKP(key)) {
    return key.get(cose.COSEKEYS.crv) === cose.COSECRV.ED25519
      ? { kty: 'OKP', crv: 'Ed25519', x: text(key.get(cose.COSEKEYS.x)) }
      : null;
  }
  if (cose.isCOSEPublicKeyRSA(key)) {
    return { kty: 'RSA', n: text(key.get(cose.COSEKEYS.n)), e: text(key.get(cose.COSEKEYS.e)) };
  }
  return null;
}

function text(part: Uint8Array | undefined): string {
  return Buffer.from(part ?? []).toString('base64url');
}

/** Copies, which the library's types want. */
function bytesOf(typed: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(typed, 'base64url'));
}
