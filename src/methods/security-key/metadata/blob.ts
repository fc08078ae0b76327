import { constants, verify, X509Certificate } from 'node:crypto';
import { SettingsService } from '@simplewebauthn/server';
import { z } from 'zod';
import { isTrusted } from './chain.js';

/** What the FIDO Alliance tells of one model of authenticators. */
export interface Model {
  readonly name: string;
  /** What its maker's certificates lead to: base64 of DER. */
  readonly roots: readonly string[];
  readonly reports: readonly {
    readonly status: string;
    readonly certificate?: string | undefined;
  }[];
}

export interface Metadata {
  /** It grows with each issue. */
  readonly number: number;
  /** When a newer one was due, or its signer's certificate has ended (ms): it goes on being used, and is called old. */
  readonly goodUntil: number;
  /** By AAGUID. */
  readonly models: ReadonlyMap<string, Model>;
}

/** Why a blob is refused, in words for whoever configures the door. */
export class MetadataError extends Error {}

/** FIDO's blob is signed for this name. Anybody can have a certificate that leads to the same roots, for another one. */
const FIDO_NAME = 'mds.fidoalliance.org';
/** GlobalSign Root CA R3 and R46, as the library has them. Read once: it keeps one list for the whole process. */
const FIDO_ROOTS: readonly string[] = SettingsService.getRootCertificates({ identifier: 'mds' });

const header = z.object({
  alg: z.string(),
  x5c: z.array(z.string()).min(1),
});

const payload = z.object({
  no: z.int(),
  nextUpdate: z.iso.date(),
  entries: z.array(
    z.object({
      // Of U2F and UAF there are entries without.
      aaguid: z.guid().toLowerCase().optional(),
      metadataStatement: z
        .object({
          description: z.string().default(''),
          attestationRootCertificates: z.array(z.string()).default([]),
        })
        .optional(),
      statusReports: z
        .array(z.object({ status: z.string(), certificate: z.string().optional() }))
        .default([]),
    }),
  ),
});

/**
 * A FIDO metadata BLOB (Metadata Service v3), checked without asking anybody. Throws MetadataError.
 * `roots` (PEM) in the place of FIDO's: whoever they lead to may have signed it.
 */
export function readMetadata(blob: string, roots: readonly string[] | null): Metadata {
  const [head, body, signature, ...more] = blob.trim().split('.');
  if (!head || !body || !signature || more.length > 0) {
    throw new MetadataError('it is not three parts of base64url between dots');
  }
  const { alg, x5c } = parsed(head, header, 'its header');
  const certificates = x5c.map(certificateOf);
  const [signer] = certificates as [X509Certificate, ...X509Certificate[]];
  if (roots === null && !signer.checkHost(FIDO_NAME)) {
    throw new MetadataError(`its signer's certificate is not for ${FIDO_NAME}`);
  }
  const anchors = (roots ?? FIDO_ROOTS).map((one) => new X509Certificate(one));
  // As of when it was made: a file that was right yesterday must not keep an app from starting today.
  if (!isTrusted(certificates, anchors, Date.parse(signer.validFrom))) {
    throw new MetadataError("its signer's certificates do not lead to a trusted root");
  }
  if (!isSigned(`${head}.${body}`, signature, alg, signer)) {
    throw new MetadataError('its signature does not fit: it is not whole, or was changed');
  }
  const { no, nextUpdate, entries } = parsed(body, payload, 'its content');
  return {
    number: no,
    goodUntil: Math.min(Date.parse(nextUpdate) + DAY - 1, Date.parse(signer.validTo)),
    models: modelsOf(entries),
  };
}

const DAY = 24 * 60 * 60 * 1000;

function parsed<Schema extends z.ZodType>(
  part: string,
  schema: Schema,
  what: string,
): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(part, 'base64url').toString()));
  } catch {
    throw new MetadataError(`${what} is not that of one`);
  }
}

function certificateOf(base64: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    throw new MetadataError('a certificate in its header cannot be read');
  }
}

const KEY_TYPES = { RS: 'rsa', PS: 'rsa', ES: 'ec' } as const;

/** RFC 7518 §3.1. */
function isSigned(data: string, signature: string, alg: string, signer: X509Certificate): boolean {
  const [, kind = '', size] = /^(RS|PS|ES)(256|384|512)$/.exec(alg) ?? [];
  const { publicKey: key } = signer;
  if (key.asymmetricKeyType !== KEY_TYPES[kind as keyof typeof KEY_TYPES]) return false;
  return verify(
    `sha${size}`,
    Buffer.from(data),
    {
      key,
      dsaEncoding: 'ieee-p1363',
      padding: kind === 'PS' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING,
    },
    Buffer.from(signature, 'base64url'),
  );
}

function modelsOf(entries: z.output<typeof payload>['entries']): Metadata['models'] {
  const models = new Map<string, Model>();
  for (const { aaguid, metadataStatement, statusReports: reports } of entries) {
    if (aaguid === undefined || !metadataStatement) continue;
    const { description: name, attestationRootCertificates } = metadataStatement;
    const roots = [...new Set(attestationRootCertificates.map((one) => one.replace(/\s+/g, '')))];
    models.set(aaguid, { name, roots, reports });
  }
  return models;
}
