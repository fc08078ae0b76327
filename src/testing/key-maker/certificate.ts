import { type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bits,
  explicit,
  identifier,
  implicit,
  integer,
  octets,
  printable,
  sequence,
  set,
  time,
  truth,
  utf8,
} from './der.js';

/** X.509 v3, ECDSA with SHA-256. */
export interface CertificateFacts {
  readonly subject: Name;
  readonly issuer: Name;
  readonly publicKey: KeyObject;
  /** The issuer's, P-256. */
  readonly signedBy: KeyObject;
  readonly from: Date;
  readonly until: Date;
  /** It may sign for others. */
  readonly authority: boolean;
  /** id-fido-gen-ce-aaguid. */
  readonly aaguid?: string | null;
  /** A name of a host. */
  readonly host?: string;
}

export interface Name {
  readonly country: string;
  readonly organization: string;
  readonly unit?: string;
  readonly common: string;
}

const ECDSA_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));
const OID = {
  ...{ common: '2.5.4.3', country: '2.5.4.6', organization: '2.5.4.10', unit: '2.5.4.11' },
  ...{ constraints: '2.5.29.19', usage: '2.5.29.15', hosts: '2.5.29.17' },
  aaguid: '1.3.6.1.4.1.45724.1.1.4',
} as const;

export function certificate(facts: CertificateFacts): Buffer {
  const { subject, issuer, publicKey, signedBy, from, until, authority, aaguid, host } = facts;
  const extensions = [
    extension(OID.constraints, sequence(...(authority ? [truth()] : [])), true),
    // keyCertSign, or digitalSignature.
    extension(OID.usage, Buffer.of(0x03, 2, authority ? 2 : 7, authority ? 0x04 : 0x80), true),
    ...(aaguid ? [extension(OID.aaguid, octets(bytesOf(aaguid)))] : []),
    ...(host ? [extension(OID.hosts, sequence(implicit(2, Buffer.from(host))))] : []),
  ];
  const signed = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  return sequence(signed, ECDSA_SHA256, bits(sign('sha256', signed, signedBy)));
}

function bytesOf(aaguid: string): Buffer {
  return Buffer.from(aaguid.replaceAll('-', ''), 'hex');
}

export function pem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extension(oid: string, value: Uint8Array, critical = false): Buffer {
  return sequence(identifier(oid), ...(critical ? [truth()] : []), octets(value));
}

function nameOf({ country, organization, unit, common }: Name): Buffer {
  const part = (oid: string, text: Buffer) => set(sequence(identifier(oid), text));
  return sequence(
    part(OID.country, printable(country)),
    part(OID.organization, utf8(organization)),
    ...(unit ? [part(OID.unit, utf8(unit))] : []),
    part(OID.common, utf8(common)),
  );
}
