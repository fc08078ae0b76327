import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Keyring, Sentence } from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import type { ValidateOtp } from './client.js';
import {
  type FieldErrors,
  readCredentials,
  type SealedCredentials,
  sealCredentials,
  type YubikeyCredentials,
} from './credentials.js';
import { YubikeyError, type YubikeyField } from './failure.js';
import { modhex } from './otp.js';
import { type OwnServers, serversOf } from './servers.js';
import { yubikeyWords } from './words.js';

export type CheckedCredentials =
  | { readonly kind: 'checked'; readonly credentials: SealedCredentials }
  /** Malformed, with the error of each field. */
  | { readonly kind: 'malformed'; readonly errors: FieldErrors }
  /** Well-formed, but refused, or the servers did not answer. */
  | {
      readonly kind: 'rejected' | 'unreachable';
      readonly message: Sentence;
      readonly suspect: YubikeyField | null;
    };

export type CheckCredentials = (
  organizationId: string,
  input: Readonly<Partial<Record<YubikeyField, unknown>>>,
  current: SealedCredentials | null,
) => Promise<CheckedCredentials>;

/**
 * Checks what an administrator typed: its form, then by asking each server about a code that no key has typed, which
 * it must refuse, signed with the secret. Only credentials that pass are sealed, and so can be stored. The secret may
 * be left empty if the other values are unchanged.
 */
export function credentialCheck({
  keyring,
  validate,
  mayName,
  now,
}: {
  readonly keyring: Keyring;
  readonly validate: ValidateOtp;
  readonly mayName: OwnServers;
  readonly now: () => number;
}): CheckCredentials {
  return async function checkCredentials(organizationId, input, current) {
    const untouched = current !== null && isBlank(input.clientSecret);
    const read = readCredentials(
      untouched ? { ...input, clientSecret: '0'.repeat(28) } : input,
      (hostname) => mayName(hostname, organizationId),
    );
    if ('errors' in read) return { kind: 'malformed', errors: read.errors };
    if (untouched) {
      const same =
        read.clientId === current.clientId && isDeepStrictEqual(read.servers, current.servers);
      if (same) return { kind: 'checked', credentials: current };
      // Otherwise an administrator could have the secret sign requests to a server of their choice.
      return { kind: 'malformed', errors: { clientSecret: yubikeyWords('wrong.secret-again') } };
    }
    const credentials = { ...read, version: randomId() };
    const refused = await refusalOf(credentials, (one) => examine(validate, one, now()));
    if (refused) return refused;
    return { kind: 'checked', credentials: sealCredentials(keyring, organizationId, credentials) };
  };
}

/** The first refusal of these credentials by the servers; null when all accept them. */
async function refusalOf(
  credentials: YubikeyCredentials,
  asked: (credentials: YubikeyCredentials) => Promise<void>,
): Promise<CheckedCredentials | null> {
  const own = credentials.servers.length > 0;
  const each = own ? credentials.servers.map((one) => [one]) : [[]];
  const found = await Promise.all(
    each.map(async (servers) => {
      try {
        await asked({ ...credentials, servers });
        return null;
      } catch (error) {
        if (error instanceof YubikeyError) return refused(error, servers);
        throw error;
      }
    }),
  );
  return found.find((one) => one?.kind === 'rejected') ?? found.find((one) => one !== null) ?? null;
}

/** Throws a `YubikeyError` if a server refuses these credentials or does not answer. */
export async function examine(
  validate: ValidateOtp,
  credentials: YubikeyCredentials,
  now: number,
): Promise<void> {
  const { kind } = await validate(`cccccccccccc${modhex(randomBytes(16))}`, credentials, now);
  if (kind === 'bad-otp') return;
  const [server] = serversOf(credentials.servers);
  const message = `${server} does not refuse a code that no key has typed`;
  throw new YubikeyError('invalid', message, { suspect: 'servers' });
}

/** The refusal, naming the value that looks wrong as far as the server's answer shows. */
function refused(
  { kind, outage, suspect, detail }: YubikeyError,
  servers: readonly string[],
): CheckedCredentials {
  const [own] = servers;
  const server = own === undefined ? 'YubiCloud' : new URL(own).host;
  // The address of YubiCloud was not entered by anybody.
  const field = suspect === 'servers' && own === undefined ? null : suspect;
  if (outage) {
    const message = yubikeyWords(field === 'servers' ? 'wrong.no-server' : 'wrong.unreachable', {
      server,
    });
    return { kind: 'unreachable', message, suspect: field };
  }
  if (kind === 'rejected') {
    const status = detail?.replace('rejected ', '') ?? '';
    const message = yubikeyWords(`wrong.refused-${suspect ?? 'servers'}`, { server, status });
    return { kind: 'rejected', message, suspect: field };
  }
  const message = yubikeyWords(kind === 'tls' ? 'wrong.certificate' : 'wrong.not-it', { server });
  return { kind: 'rejected', message, suspect: field };
}

function isBlank(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}
