import type { Keyring, Message, MethodServices } from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import type { DuoClients } from './client.js';
import {
  type FieldErrors,
  readCredentials,
  type SealedCredentials,
  sealCredentials,
} from './credentials.js';
import { DuoError, type DuoField, INVALID_CLIENT, INVALID_CLIENT_CAUSES } from './failure.js';
import { duoWords } from './words.js';

export type CheckedKeys =
  | { readonly kind: 'checked'; readonly keys: SealedCredentials }
  /** Malformed, with the error of each field. */
  | {
      readonly kind: 'malformed';
      readonly errors: Readonly<Partial<Record<DuoField, string>>>;
    }
  /** Well-formed, but refused by Duo. */
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
 * Checks the three values that an administrator typed: their form, then by Duo's health check with these keys. Only
 * keys that pass are sealed, and so can be stored. The secret may be left empty if the other values are unchanged.
 */
export function duoKeyCheck({
  keyring,
  clients,
  say,
}: {
  readonly keyring: Keyring;
  readonly clients: DuoClients;
  readonly say: MethodServices['say'];
}): CheckKeys {
  return async function checkKeys(organizationId, input, current) {
    const untouched = current !== null && isBlank(input.clientSecret);
    const read = readCredentials(untouched ? { ...input, clientSecret: '0'.repeat(40) } : input);
    if ('errors' in read) return { kind: 'malformed', errors: worded(read.errors) };
    if (untouched) {
      const same = read.clientId === current.clientId && read.apiHost === current.apiHost;
      if (same) return { kind: 'checked', keys: current };
      // Otherwise an administrator could have the secret sign requests to a host of their choice.
      return {
        kind: 'malformed',
        errors: { clientSecret: say(duoWords('wrong.secret-again')) },
      };
    }

    const credentials = { ...read, version: randomId() };
    try {
      await clients(credentials).healthCheck();
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return refused(error, say);
    }
    return { kind: 'checked', keys: sealCredentials(keyring, organizationId, credentials) };
  };

  function worded(errors: FieldErrors): Readonly<Partial<Record<DuoField, string>>> {
    return Object.fromEntries(Object.entries(errors).map(([field, wrong]) => [field, say(wrong)]));
  }
}

function refused(
  { kind, outage, duoCode, suspect }: DuoError,
  say: MethodServices['say'],
): CheckedKeys {
  if (outage) {
    const message = say(duoWords(suspect === 'apiHost' ? 'wrong.no-host' : 'wrong.unreachable'));
    return { kind: 'unreachable', message, suspect };
  }
  if (kind === 'tls' || kind === 'invalid') {
    const message = say(duoWords('wrong.not-duo'));
    return { kind: 'rejected', message, duoCode, suspect: 'apiHost' };
  }
  return { kind: 'rejected', message: say(rejection(duoCode, suspect)), duoCode, suspect };
}

function rejection(code: string | null, suspect: DuoField | null): Message {
  const hint = duoWords(`wrong.hint-${suspect ?? 'apiHost'}`);
  if (code === null) return duoWords('wrong.rejected', { hint });
  return code === INVALID_CLIENT
    ? duoWords('wrong.rejected-causes', { code, hint, causes: INVALID_CLIENT_CAUSES })
    : duoWords('wrong.rejected-code', { code, hint });
}

function isBlank(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}
