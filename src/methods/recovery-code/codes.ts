import type { Digest, Keyring, Subject, SubjectRecord } from '../../contracts.js';
import { randomCode, readRandomCode } from '../../crypto/random.js';

const COUNT = 10;

/** Ten new codes as they are shown once, with the digests that are stored. */
export function newRecoveryCodes(
  keyring: Keyring,
  subject: Pick<Subject, 'id'>,
): { readonly codes: readonly string[]; readonly digests: readonly Digest[] } {
  const codes = Array.from({ length: COUNT }, randomCode);
  const digests = codes.map((code) => keyring.digest(code.replaceAll('-', ''), contextOf(subject)));
  return { codes, digests };
}

/** The digests, one per key of the keyring, that what was typed may have; null when it has no such form. */
export function recoveryCodeDigests(
  keyring: Keyring,
  subject: Pick<Subject, 'id'>,
  typed: unknown,
): readonly Digest[] | null {
  const code = readRandomCode(typed);
  return code === null ? null : keyring.digests(code, contextOf(subject));
}

function contextOf({ id }: Pick<Subject, 'id'>): string {
  return JSON.stringify(['recovery-code', id]);
}

/** How many codes are left of those that were kept: nobody is told to have codes that nobody has seen. */
export function keptCodesLeft({
  recoveryCodesLeft,
  recoveryCodesKept,
}: Pick<SubjectRecord, 'recoveryCodesLeft' | 'recoveryCodesKept'>): number | null {
  return recoveryCodesKept ? recoveryCodesLeft : null;
}
