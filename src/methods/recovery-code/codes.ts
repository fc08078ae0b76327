import type { Digest, Keyring, Subject } from '../../contracts.js';
import { randomCode, readRandomCode } from '../../crypto/random.js';

const COUNT = 10;

/**
 * Random bits of a code. 80 are enough since only a keyed digest is stored and attempts are counted; ASVS 6.5.2
 * demands 112 for codes that are not stored like passwords.
 */
export type RecoveryCodeBits = 80 | 120;

/** Each character has 5 random bits. */
const LENGTHS: Readonly<Record<RecoveryCodeBits, number>> = { 80: 16, 120: 24 };

/** Ten new codes as they are shown once, with the digests that are stored. */
export function newRecoveryCodes(
  keyring: Keyring,
  subject: Pick<Subject, 'id'>,
  bits: RecoveryCodeBits = 80,
): { readonly codes: readonly string[]; readonly digests: readonly Digest[] } {
  const codes = Array.from({ length: COUNT }, () => randomCode({ length: LENGTHS[bits] }));
  const digests = codes.map((code) => {
    const plain = code.replaceAll('-', '');
    return keyring.digest(plain, contextOf(subject), digestBytes(plain));
  });
  return { codes, digests };
}

/** A typed code of either length, since codes made before the option changed stay valid; null for no code. */
export function readRecoveryCode(typed: unknown): string | null {
  return readRandomCode(typed, LENGTHS[80]) ?? readRandomCode(typed, LENGTHS[120]);
}

/** The digests of a typed code, one per key of the keyring; null if it cannot be a code. */
export function recoveryCodeDigests(
  keyring: Pick<Keyring, 'digests'>,
  subject: Pick<Subject, 'id'>,
  typed: unknown,
): readonly Digest[] | null {
  const code = readRecoveryCode(typed);
  return code === null ? null : keyring.digests(code, contextOf(subject), digestBytes(code));
}

/** As long as the code: a shorter digest would match several codes. */
function digestBytes(code: string): number {
  return (code.length * 5) / 8;
}

function contextOf({ id }: Pick<Subject, 'id'>): string {
  return JSON.stringify(['recovery-code', id]);
}
