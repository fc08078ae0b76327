import { betterAuthSecrets, type Opened } from './better-auth-secrets.js';
import { eachPerson, type Person } from './each-person.js';
import { type Found, first, type Reader, unpacked } from './found.js';
import { rows } from './rows.js';

/** The table `twoFactor` of better-auth, as CSV or JSON: its secrets decrypted, or as they are beside the app's own. */
export const betterAuth: Reader = (chunks, options) => {
  const open = betterAuthSecrets(options.env);
  return eachPerson(rows(chunks), ['userId', 'user_id'], options, (row, person) =>
    readRow(row, person, open),
  );
};

function* readRow(
  row: unknown,
  person: Person,
  open: (text: string) => Opened | null,
): Generator<Found> {
  const { found, left } = person;
  const kept = first(row, ['secret']);
  const verified = first(row, ['verified']);
  if (verified === false || verified === 'false' || verified === 'f' || verified === '0') {
    return yield left('its app was never confirmed');
  }
  if (typeof kept !== 'string') return yield left('it has no secret');
  const secret = open(kept) ?? { text: kept };
  if (!('text' in secret)) return yield unopened(person, 'its secret is', secret);
  // The text itself is the key: apps are given its bytes in base32.
  const totp = [{ secret: secret.text, encoding: 'utf8' }];

  const backup = first(row, ['backupCodes', 'backup_codes']);
  const codes = (typeof backup === 'string' ? open(backup) : null) ?? { text: backup };
  if (!('text' in codes)) {
    yield unopened(person, 'its recovery codes are', codes);
    return yield found({ totp });
  }
  const recoveryCodes = unpacked(codes.text);
  if (codes.text !== undefined && !Array.isArray(recoveryCodes)) {
    yield left('its recovery codes are no list in JSON');
  }
  yield found({ totp, ...(Array.isArray(recoveryCodes) && { recoveryCodes }) });
}

/** A secret that is not at hand leaves it out; one that does not fit is a mistake to be told. */
function unopened(
  { left, refused }: Person,
  what: string,
  { why, wrong }: Exclude<Opened, { readonly text: string }>,
): Found {
  const told = `${what} encrypted ${why}`;
  return wrong
    ? refused(told)
    : left(`${told}: set it to what better-auth has, or decrypt the table first`);
}
