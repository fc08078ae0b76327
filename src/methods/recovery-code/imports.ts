import { z } from 'zod';
import type { CodesImport, Digest, Keyring, Subject } from '../../contracts.js';
import { foldTypedCode } from '../../crypto/typed-code.js';
import { recoveryCodeDigests } from './codes.js';

const MOST = 20;
/** Shorter codes could be guessed in spite of the waits; longer ones are not typed. */
const LENGTH = { least: 8, most: 64 } as const;
const HASH_LENGTH = { least: 8, most: 400 } as const;
const DIGEST_BYTES = 10;

/** One code in plain text, or its hash from another app. */
export type RecoveryCodeImport = string | { readonly hash: string };

const hash = z.string().min(HASH_LENGTH.least).max(HASH_LENGTH.most);

export const recoveryCodeImport: CodesImport<RecoveryCodeImport> = {
  kind: 'codes',
  field: 'recoveryCodes',
  item: z.union([z.string().min(1).max(200), z.strictObject({ hash })]),

  read(items, keyring, id) {
    if (items.length > MOST) throw new Error(`${items.length} codes; at most ${MOST} are taken`);
    const hashes = items.flatMap((item) => (typeof item === 'string' ? [] : [item.hash]));
    if (hashes.length === 0) {
      const read = items.map((item, at) => plainCode(keyring, { id }, item, at));
      const digests = read.map(({ digest }) => digest);
      return { digests, foreign: read.every(({ own }) => own) ? null : new Uint8Array() };
    }
    if (hashes.length < items.length) throw new Error('codes, or hashes of codes, and not both');
    const digests = hashes.flatMap((one) => hashDigests(keyring, { id }, one).slice(0, 1));
    return { digests, foreign: Buffer.from(JSON.stringify(hashes)) };
  },
};

function plainCode(
  keyring: Pick<Keyring, 'digests'>,
  subject: Pick<Subject, 'id'>,
  code: unknown,
  at: number,
): { readonly digest: Digest; readonly own: boolean } {
  const own = recoveryCodeDigests(keyring, subject, code);
  const [digest] = own ?? foreignCodeDigests(keyring, subject, code) ?? [];
  if (digest) return { digest, own: own !== null };
  const { length } = foldTypedCode(code) ?? '';
  throw new Error(
    `${at}: a code has ${LENGTH.least} to ${LENGTH.most} letters and digits; this one has ${length}`,
  );
}

/** The digests of a typed code as an imported one; null if it cannot be one. */
export function foreignCodeDigests(
  keyring: Pick<Keyring, 'digests'>,
  { id }: Pick<Subject, 'id'>,
  typed: unknown,
): readonly Digest[] | null {
  const code = foldTypedCode(typed)?.toUpperCase() ?? '';
  if (code.length < LENGTH.least || code.length > LENGTH.most) return null;
  return keyring.digests(code, JSON.stringify(['recovery-code-imported', id]), DIGEST_BYTES);
}

/** A code that was imported as a hash is spent by the digest of that hash, once the matching hash is known. */
export function hashDigests(
  keyring: Pick<Keyring, 'digests'>,
  { id }: Pick<Subject, 'id'>,
  hash: string,
): readonly Digest[] {
  return keyring.digests(hash, JSON.stringify(['recovery-code-hash', id]), DIGEST_BYTES);
}

/** The hashes that `read` has joined. */
export function hashesIn(foreign: Uint8Array): readonly string[] {
  return foreign.length === 0
    ? []
    : z.array(hash).parse(JSON.parse(Buffer.from(foreign).toString()));
}
