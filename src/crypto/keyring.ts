import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { Digest, Keyring, Sealed } from '../contracts.js';
import { SallyportError } from '../errors.js';

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DIGEST_BYTES = 10;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

interface Key {
  readonly id: Buffer;
  readonly sealing: Buffer;
  readonly digesting: Buffer;
}

/**
 * AES-256-GCM under several keys: the first seals, all of them open. Sealed bytes are
 * `version (1) ‖ key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, 33 bytes more than what they hold, so a
 * secret of 20 bytes stays below Redis's compact limit of 64. The header and the context are
 * authenticated: a ciphertext moved to another subject, method or enrollment does not open.
 *
 * @param keys base64 of 32 bytes each; ERR_KEYS names the one that is not.
 */
export function keyring(keys: readonly string[]): Keyring {
  if (keys.length === 0) {
    throw new SallyportError('ERR_KEYS', 'keys must hold at least one key of 32 bytes in base64');
  }
  const parsed = keys.map(parseKey);
  const byId = new Map<string, Key>();
  for (const [index, key] of parsed.entries()) {
    const id = key.id.toString('hex');
    if (byId.has(id)) {
      throw new SallyportError('ERR_KEYS', `keys[${index}] is the same key as one before it`);
    }
    byId.set(id, key);
  }
  const current = parsed[0]!;

  return {
    seal(plain, context) {
      const header = Buffer.concat([Buffer.of(VERSION), current.id]);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.sealing, nonce);
      cipher.setAAD(authenticated(header, context));
      return Buffer.concat([
        header,
        nonce,
        cipher.update(plain),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },

    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) {
        throw new SallyportError('ERR_SEALED', 'sealed bytes are truncated or of unknown version');
      }
      const header = bytes.subarray(0, HEADER_BYTES);
      const keyId = header.subarray(1).toString('hex');
      const key = byId.get(keyId);
      if (!key) {
        throw new SallyportError(
          'ERR_SEALED',
          `sealed with key ${keyId}, which is not among the configured keys`,
        );
      }
      const nonceEnd = HEADER_BYTES + NONCE_BYTES;
      try {
        const decipher = createDecipheriv(
          'aes-256-gcm',
          key.sealing,
          bytes.subarray(HEADER_BYTES, nonceEnd),
          { authTagLength: TAG_BYTES },
        );
        decipher.setAAD(authenticated(header, context));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([
          decipher.update(bytes.subarray(nonceEnd, -TAG_BYTES)),
          decipher.final(),
        ]);
      } catch (cause) {
        throw new SallyportError(
          'ERR_SEALED',
          'sealed bytes were altered, or belong to another context',
          { cause },
        );
      }
    },

    digest: (code, context, length) => digestUnder(current, code, context, length),
    digests: (code, context, length) =>
      parsed.map((key) => digestUnder(key, code, context, length)),

    isCurrent(sealed: Sealed) {
      return Buffer.from(sealed.subarray(1, HEADER_BYTES)).equals(current.id);
    },
  } satisfies Keyring;
}

/** The id of the key that made these sealed bytes, in hexadecimal: for counting, not for trusting. */
export function sealedBy(sealed: Sealed): string {
  return Buffer.from(sealed.subarray(1, HEADER_BYTES)).toString('hex');
}

/** The id of each key, in hexadecimal and in their order. An id tells nothing of its key. ERR_KEYS. */
export function keyIds(keys: readonly string[]): readonly string[] {
  return keys.map((key, index) => parseKey(key, index).id.toString('hex'));
}

function parseKey(text: unknown, index: number): Key {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) {
    // The value itself is a secret, so the message tells only its kind.
    throw new SallyportError(
      'ERR_KEYS',
      `keys[${index}] must be a base64 string of 32 bytes, got ${text === undefined ? 'undefined' : `a ${typeof text} that is not base64`}`,
    );
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) {
    throw new SallyportError(
      'ERR_KEYS',
      `keys[${index}] must decode to 32 bytes, got ${bytes.length}; make one with: npx sallyport keygen`,
    );
  }
  return {
    id: createHash('sha256')
      .update('sallyport key id')
      .update(bytes)
      .digest()
      .subarray(0, KEY_ID_BYTES),
    sealing: subkey(bytes, 'sallyport sealing 1'),
    digesting: subkey(bytes, 'sallyport digesting 1'),
  };
}

function subkey(bytes: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), purpose, 32));
}

/** Ten bytes keep the 80 random bits of a code; without the key nobody can try codes against them. */
function digestUnder(
  { id, digesting }: Key,
  code: string,
  context: string,
  length = DIGEST_BYTES,
): Digest {
  const bytes = createHmac('sha256', digesting)
    .update(JSON.stringify([context, code]))
    .digest();
  return { keyId: id, bytes: bytes.subarray(0, length) };
}

function authenticated(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}
