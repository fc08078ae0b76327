import type { Keyring, Sentence } from '../../contracts.js';
import { DuoError, type DuoField } from './failure.js';
import { isApiHost, readApiHost } from './host.js';
import { duoWords } from './words.js';

/** The three values of a Duo application: integration key, secret key and API hostname. */
export interface DuoCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiHost: string;
  /** Changes with each new secret or host name. */
  readonly version: string;
}

/** The same as stored with an organization: the secret sealed, in base64. */
export interface SealedCredentials extends Omit<DuoCredentials, 'clientSecret'> {
  readonly sealedSecret: string;
}

const CLIENT_ID = /^DI[A-Za-z0-9]{18}$/;
const CLIENT_SECRET = /^[A-Za-z0-9]{40}$/;

export type FieldErrors = Readonly<Partial<Record<DuoField, Sentence>>>;

/** Checks what an administrator typed, field by field. */
export function readCredentials(
  input: Readonly<Partial<Record<DuoField, unknown>>>,
): Omit<DuoCredentials, 'version'> | { readonly errors: FieldErrors } {
  const clientId = trimmed(input.clientId);
  const clientSecret = trimmed(input.clientSecret);
  const apiHost = readApiHost(input.apiHost);
  const errors: Partial<Record<DuoField, Sentence>> = {};
  if (!CLIENT_ID.test(clientId)) {
    errors.clientId = duoWords('wrong.clientId');
  }
  if (!CLIENT_SECRET.test(clientSecret)) {
    errors.clientSecret = duoWords('wrong.clientSecret');
  }
  if (apiHost === null) {
    errors.apiHost = duoWords('wrong.apiHost');
  }
  return apiHost === null || Object.keys(errors).length > 0
    ? { errors }
    : { clientId, clientSecret, apiHost };
}

export function sealCredentials(
  keyring: Keyring,
  organizationId: string,
  { clientSecret, ...rest }: DuoCredentials,
): SealedCredentials {
  const sealed = keyring.seal(Buffer.from(clientSecret), sealingContext(organizationId, rest));
  return { ...rest, sealedSecret: Buffer.from(sealed).toString('base64') };
}

/**
 * Throws unless `sealCredentials` has sealed it for this organization, key, host and version: somebody who can write
 * to the store must not be able to send the secret to another host.
 */
export function openCredentials(
  keyring: Keyring,
  organizationId: string,
  { sealedSecret, ...rest }: SealedCredentials,
): DuoCredentials {
  const { clientId, apiHost, version } = rest;
  if (!isApiHost(apiHost) || !CLIENT_ID.test(clientId)) {
    throw new DuoError('invalid', `what is stored for Duo at ${organizationId} is not usable`);
  }
  const secret = keyring.open(
    Buffer.from(sealedSecret, 'base64'),
    sealingContext(organizationId, rest),
  );
  return { clientId, apiHost, version, clientSecret: Buffer.from(secret).toString() };
}

function sealingContext(
  organizationId: string,
  { clientId, apiHost, version }: Omit<SealedCredentials, 'sealedSecret'>,
): string {
  return JSON.stringify(['duo', organizationId, clientId, apiHost, version]);
}

function trimmed(value: unknown): string {
  return typeof value === 'string' && value.length <= 200 ? value.trim() : '';
}
