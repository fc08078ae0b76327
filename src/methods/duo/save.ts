import type { Keyring } from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import type { DuoClients } from './client.js';
import {
  type FieldErrors,
  readCredentials,
  type SealedCredentials,
  sealCredentials,
} from './credentials.js';
import { DuoError, type DuoField, INVALID_CLIENT, INVALID_CLIENT_CAUSES } from './failure.js';

export type CheckedKeys =
  | { readonly kind: 'checked'; readonly keys: SealedCredentials }
  /** Wrong in shape: what to say at which field. */
  | { readonly kind: 'malformed'; readonly errors: FieldErrors }
  /** Right in shape, and not Duo's. */
  | {
      readonly kind: 'rejected';
      readonly message: string;
      readonly duoCode: string | null;
      readonly suspect: DuoField | null;
    }
  /** Duo could not be asked. */
  | { readonly kind: 'unreachable'; readonly message: string; readonly suspect: DuoField | null };

export type CheckKeys = (
  organizationId: string,
  input: Readonly<Partial<Record<DuoField, unknown>>>,
  current: SealedCredentials | null,
) => Promise<CheckedKeys>;

/**
 * Checks the three values that an administrator typed: their shape, then by Duo's health check with these very
 * keys. Only what passes is sealed, and so only that can be stored. The secret may be left empty where
 * everything else stays as it is.
 */
export function duoKeyCheck({
  keyring,
  clients,
}: {
  readonly keyring: Keyring;
  readonly clients: DuoClients;
}): CheckKeys {
  return async function checkKeys(organizationId, input, current) {
    const untouched = current !== null && isBlank(input.clientSecret);
    const read = readCredentials(untouched ? { ...input, clientSecret: '0'.repeat(40) } : input);
    if ('errors' in read) return { kind: 'malformed', errors: read.errors };
    if (untouched) {
      const same = read.clientId === current.clientId && read.apiHost === current.apiHost;
      if (same) return { kind: 'checked', keys: current };
      // Otherwise whoever may change the hostname could have the secret sign for a host of their choice.
      const message = 'Enter the secret key again: the other values have changed.';
      return { kind: 'malformed', errors: { clientSecret: message } };
    }

    const credentials = { ...read, version: randomId() };
    try {
      await clients(credentials).healthCheck();
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return refused(error);
    }
    return { kind: 'checked', keys: sealCredentials(keyring, organizationId, credentials) };
  };
}

function refused({ kind, outage, duoCode, suspect }: DuoError): CheckedKeys {
  if (outage) {
    const message =
      suspect === 'apiHost'
        ? 'There is no such API hostname. Nothing was saved.'
        : 'Duo cannot be reached at the moment. Nothing was saved: try again in a few minutes.';
    return { kind: 'unreachable', message, suspect };
  }
  if (kind === 'tls' || kind === 'invalid') {
    const message = 'What answers at this API hostname is not Duo. Nothing was saved.';
    return { kind: 'rejected', message, duoCode, suspect: 'apiHost' };
  }
  const code = duoCode === null ? '' : ` (Duo's code ${duoCode})`;
  const causes = duoCode === INVALID_CLIENT ? ` Duo answers so ${INVALID_CLIENT_CAUSES}.` : '';
  const message = `Duo rejected these keys${code}. ${HINTS[suspect ?? 'apiHost']}${causes} Nothing was saved.`;
  return { kind: 'rejected', message, duoCode, suspect };
}

const HINTS: Readonly<Record<DuoField, string>> = {
  clientId: 'The integration key looks wrong: Duo does not know it.',
  clientSecret: 'The secret key looks wrong: it does not belong to this integration key.',
  apiHost: 'Compare the integration key and the secret key with those in Duo.',
};

function isBlank(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}
