import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/** Hexadecimal of 24 bytes of nonce, what is encrypted, and 16 bytes of tag; with the secret's number, or without. */
const ENCRYPTED = /^(?:\$ba\$(\d+)\$)?((?:[0-9a-f]{2}){41,})$/;

/** What became of a text: opened, or why not, in words to come after "it is encrypted". */
export type Opened = { readonly text: string } | { readonly why: string; readonly wrong: boolean };

/**
 * Opens what better-auth has encrypted, by the secrets of its app, which are in the environment as it has them there:
 * `BETTER_AUTH_SECRET`, and `BETTER_AUTH_SECRETS` (`2:SECRET,1:SECRET`) where they were changed. null for a text
 * that is not encrypted.
 */
export function betterAuthSecrets(
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => Opened | null {
  const secrets = numbered(env.BETTER_AUTH_SECRETS);

  return function open(text) {
    const [, number, sealed = ''] = ENCRYPTED.exec(text) ?? [];
    if (sealed === '') return null;
    const secret = number === undefined ? env.BETTER_AUTH_SECRET : secrets.get(number);
    const name =
      number === undefined ? 'BETTER_AUTH_SECRET' : `secret ${number} of BETTER_AUTH_SECRETS`;
    if (!secret) return { why: `with ${name}, which is not set`, wrong: false };
    const opened = openSealed(createHash('sha256').update(secret).digest(), sealed);
    return opened === null
      ? { why: `with another secret than ${name}, or was altered`, wrong: true }
      : { text: opened };
  };
}

function numbered(list = ''): ReadonlyMap<string, string> {
  const parts = list.split(',').flatMap((entry) => entry.trim() || []);
  return new Map(
    parts.map((entry) => {
      const [, number, secret] = /^0*(\d+)\s*:\s*(.+)$/.exec(entry) ?? [];
      if (number !== undefined && secret !== undefined) return [number, secret];
      throw new Error('BETTER_AUTH_SECRETS must be NUMBER:SECRET, separated by commas');
    }),
  );
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha §2.3): ChaCha20-Poly1305 with a key of its own for each nonce. */
function openSealed(key: Buffer, hex: string): string | null {
  const sealed = Buffer.from(hex, 'hex');
  const nonce = Buffer.concat([Buffer.alloc(4), sealed.subarray(16, 24)]);
  const subkey = hChaCha20(key, sealed.subarray(0, 16));
  const decipher = createDecipheriv('chacha20-poly1305', subkey, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(24, -16)), decipher.final()]).toString();
  } catch {
    return null;
  }
}

const CONSTANTS = Buffer.from('expand 32-byte k');

/**
 * HChaCha20 (§2.2) is the first and the last row of the state after the rounds of ChaCha20. A block of ChaCha20's stream
 * is that state plus the one before the rounds, which is subtracted here.
 */
export function hChaCha20(key: Buffer, nonce: Buffer): Buffer {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const rows = Buffer.concat([block.subarray(0, 16), block.subarray(48)]);
  const before = Buffer.concat([CONSTANTS, nonce]);
  for (let at = 0; at < rows.length; at += 4) {
    rows.writeUInt32LE((rows.readUInt32LE(at) - before.readUInt32LE(at)) >>> 0, at);
  }
  return rows;
}
