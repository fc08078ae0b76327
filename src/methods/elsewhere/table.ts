import { eachPerson, type Person } from './each-person.js';
import {
  at,
  type Entry,
  type Found,
  first,
  nameOf,
  type Reader,
  timeOf,
  unpacked,
} from './found.js';
import { rows } from './rows.js';

const IDS = ['user_id', 'userId', 'userid', 'id'];
const TENANTS = ['tenant_id', 'tenantId', 'organization_id', 'organizationId'];
const SECRETS = [
  ...['secret', 'totp_secret', 'totpSecret', 'otp_secret', 'otpSecret'],
  ...['two_factor_secret', 'twoFactorSecret', 'mfa_secret', 'mfaSecret', 'key'],
];
const CODES = ['recovery_codes', 'recoveryCodes', 'backup_codes', 'backupCodes'];

/** speakeasy keeps one secret in several columns; the first that is there is read. */
const SPEAKEASY = [
  ['base32', 'base32'],
  ['hex', 'hex'],
  ['ascii', 'utf8'],
] as const;

/**
 * A table of an app that used speakeasy, otplib or passport-totp: a row for each app of a person, or for each person.
 */
export const table: Reader = (chunks, options) =>
  eachPerson(rows(chunks), IDS, options, (row, person) => readRow(row, person, options.encoding));

function* readRow(
  row: unknown,
  { found, left }: Person,
  usual: string | undefined,
): Generator<Found> {
  const written = SPEAKEASY.find(([column]) => first(row, [column, `secret.${column}`]));
  const secret = written ? first(row, [written[0], `secret.${written[0]}`]) : first(row, SECRETS);
  const kept = first(row, CODES);
  const codes = listOf(kept);
  if (typeof secret !== 'string') {
    return yield left('it has no secret, in none of the columns that are read');
  }
  if (kept !== undefined && codes === null) yield left('its recovery codes are no list');
  const encoding = written?.[1] ?? first(row, ['encoding']) ?? usual;
  const app: Entry = {
    secret,
    ...(encoding !== undefined && { encoding }),
    ...numbers(row, 'digits', ['digits']),
    ...numbers(row, 'period', ['period', 'step']),
    ...texts('algorithm', first(row, ['algorithm'])),
    ...texts('name', nameOf(first(row, ['name', 'label', 'device_name', 'deviceName']))),
    ...texts('createdAt', timeOf(first(row, ['created_at', 'createdAt']))),
  };
  const tenant = first(row, TENANTS);
  yield found(
    { totp: [app], ...(codes && { recoveryCodes: codes }) },
    tenant === undefined ? undefined : String(tenant),
  );
}

/** Codes as a list, as JSON of one, or as a text with commas or spaces between them. */
function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return null;
  if (!value.trim().startsWith('[')) return value.split(/[\s,;]+/).filter((one) => one !== '');
  const parsed = unpacked(value);
  return Array.isArray(parsed) ? parsed : null;
}

function numbers(row: unknown, field: string, columns: readonly string[]): Entry {
  const value = columns
    .map((column) => at(row, column))
    .find((one) => one !== undefined && one !== '');
  return value === undefined ? {} : { [field]: Number(value) };
}

const texts = (field: string, value: unknown): Entry =>
  typeof value === 'string' ? { [field]: value } : {};
