import { eachPerson, type Person } from './each-person.js';
import { type Found, first, type Reader, unpacked } from './found.js';
import { rows } from './rows.js';

/** Hexadecimal of 24 bytes of nonce, what is encrypted, and 16 bytes of tag; with the key's number, or without. */
const ENCRYPTED = /^(\$ba\$\d+\$)?[0-9a-f]{82,}$/;
const HOW = 'with BETTER_AUTH_SECRET: decrypt it first by symmetricDecrypt of better-auth/crypto';

/** The table `twoFactor` of better-auth, as CSV or JSON, with its secrets decrypted. */
export const betterAuth: Reader = (chunks, options) =>
  eachPerson(rows(chunks), ['userId', 'user_id'], options, readRow);

function* readRow(row: unknown, { found, left }: Person): Generator<Found> {
  const secret = first(row, ['secret']);
  const verified = first(row, ['verified']);
  if (verified === false || verified === 'false' || verified === 'f' || verified === '0') {
    return yield left('its app was never confirmed');
  }
  if (typeof secret !== 'string') return yield left('it has no secret');
  if (ENCRYPTED.test(secret)) return yield left(`its secret is encrypted ${HOW}`);
  const kept = first(row, ['backupCodes', 'backup_codes']);
  const encrypted = typeof kept === 'string' && ENCRYPTED.test(kept);
  if (encrypted) yield left(`its recovery codes are encrypted ${HOW}`);
  const codes = encrypted ? null : unpacked(kept);
  if (!encrypted && kept !== undefined && !Array.isArray(codes)) {
    yield left('its recovery codes are no list in JSON');
  }
  // The text itself is the key: apps are given its bytes in base32.
  const totp = [{ secret, encoding: 'utf8' }];
  yield found({ totp, ...(Array.isArray(codes) && { recoveryCodes: codes }) });
}
