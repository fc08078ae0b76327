import { z } from 'zod';
import type { MethodImport } from '../../contracts.js';
import { formatParameters, matchingStep, readCode } from './code.js';
import { readKey } from './key.js';

const ENCODINGS = ['base32', 'hex', 'base64', 'utf8'] as const;
type Encoding = (typeof ENCODINGS)[number];

/** Some libraries make ten bytes; shorter secrets can be found by trial. */
const LEAST_BYTES = 10;
/** RFC 4226 §4 R6 requires as many. */
const SOUND_BYTES = 16;
const MOST_BYTES = 64;
const MAX_LABEL = 64;

/** An authenticator app that was activated elsewhere. */
export interface TotpImport {
  readonly secret: string;
  /** How `secret` is written. Default `base32`. */
  readonly encoding: Encoding;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: 6 | 8;
  /** Seconds of one step. */
  readonly period: number;
  readonly name?: string | undefined;
  /** ISO 8601. */
  readonly createdAt?: string | undefined;
}

const algorithms = { sha1: 'sha1', sha256: 'sha256', sha512: 'sha512' } as const;

export const totpImport: MethodImport<TotpImport> = {
  item: z.strictObject({
    secret: z.string().min(1).max(500),
    encoding: z.enum(ENCODINGS).default('base32'),
    algorithm: z
      .string()
      .transform((name) => name.toLowerCase().replace(/^hmac/, '').replace('-', ''))
      .pipe(z.enum(algorithms))
      .default('sha1'),
    digits: z.union([z.literal(6), z.literal(8)]).default(6),
    period: z.int().min(10).max(120).default(30),
    name: z.string().trim().min(1).max(MAX_LABEL).optional(),
    createdAt: z.iso.datetime({ offset: true }).optional(),
  }),

  read(item) {
    const { name, createdAt } = item;
    return {
      secret: bytesOf(item),
      parameters: formatParameters(item),
      label: name,
      createdAt: createdAt === undefined ? undefined : Date.parse(createdAt),
    };
  },

  isWeak: ({ length }) => length < SOUND_BYTES,

  sample(item, typed, now) {
    const code = readCode(typed, item.digits);
    if (code === null) return [];
    return ENCODINGS.filter((encoding) => {
      try {
        return matchingStep(code, bytesOf({ ...item, encoding }), item, now) !== null;
      } catch {
        return false;
      }
    });
  },
};

function bytesOf({ secret, encoding }: Pick<TotpImport, 'secret' | 'encoding'>): Uint8Array {
  const bytes = decode(secret.trim(), encoding);
  if (bytes === null) throw new Error(`totp.secret is not written in ${encoding}`);
  if (bytes.length < LEAST_BYTES || bytes.length > MOST_BYTES) {
    throw new Error(
      `totp.secret has ${bytes.length} bytes, read as ${encoding}; ${LEAST_BYTES} to ${MOST_BYTES} are taken. Is it another encoding?`,
    );
  }
  return bytes;
}

function decode(text: string, encoding: Encoding): Uint8Array | null {
  switch (encoding) {
    case 'base32':
      return readKey(text);
    case 'hex':
      return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : null;
    case 'base64':
      return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
    case 'utf8':
      return Buffer.from(text);
    default:
      return encoding satisfies never;
  }
}
