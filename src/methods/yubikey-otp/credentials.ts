import type { Keyring, Sentence } from '../../contracts.js';
import { YubikeyError, type YubikeyField } from './failure.js';
import { MOST_SERVERS, type OwnServers, readServer } from './servers.js';
import { yubikeyWords } from './words.js';

/** An organization's credentials for validation servers. */
export interface YubikeyCredentials {
  /** Our client number at the servers. */
  readonly clientId: string;
  /** In base64, as the servers give it out. */
  readonly clientSecret: string;
  /** The organization's own; none for YubiCloud. */
  readonly servers: readonly string[];
  /** Changes with each new secret, client id or server. */
  readonly version: string;
}

/** The same as stored with an organization: the secret sealed, in base64. */
export interface SealedCredentials extends Omit<YubikeyCredentials, 'clientSecret'> {
  readonly sealedSecret: string;
}

export type FieldErrors = Readonly<Partial<Record<YubikeyField, Sentence>>>;

const CLIENT_ID = /^[1-9]\d{0,9}$/;
/** 16 to 64 bytes; those of YubiCloud are 20. */
const CLIENT_SECRET =
  /^(?=.{22,88}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Checks what an administrator typed, field by field. `servers`: one per line, or a list. */
export function readCredentials(
  input: Readonly<Partial<Record<YubikeyField, unknown>>>,
  mayName: (hostname: string) => boolean,
): Omit<YubikeyCredentials, 'version'> | { readonly errors: FieldErrors } {
  const clientId = text(input.clientId).trim();
  const clientSecret = text(input.clientSecret).trim();
  const typed = text(input.servers).split(/\s+/).filter(Boolean);
  const errors: Partial<Record<YubikeyField, Sentence>> = {};
  if (!CLIENT_ID.test(clientId)) errors.clientId = yubikeyWords('wrong.clientId');
  if (!CLIENT_SECRET.test(clientSecret)) errors.clientSecret = yubikeyWords('wrong.clientSecret');
  const servers = [...new Set(typed.map((one) => readServer(one) ?? ''))];
  if (servers.includes('')) {
    errors.servers = yubikeyWords('wrong.address');
  } else if (servers.length > MOST_SERVERS) {
    errors.servers = yubikeyWords('wrong.too-many', { most: MOST_SERVERS });
  } else {
    const foreign = servers.map((one) => new URL(one).hostname).find((one) => !mayName(one));
    if (foreign !== undefined) errors.servers = yubikeyWords('wrong.foreign', { server: foreign });
  }
  return Object.keys(errors).length > 0 ? { errors } : { clientId, clientSecret, servers };
}

export function sealCredentials(
  keyring: Keyring,
  organizationId: string,
  { clientSecret, ...rest }: YubikeyCredentials,
): SealedCredentials {
  const sealed = keyring.seal(Buffer.from(clientSecret), sealingContext(organizationId, rest));
  return { ...rest, sealedSecret: Buffer.from(sealed).toString('base64') };
}

/**
 * Throws unless `sealCredentials` has sealed it for this organization, client id, servers and version, and for
 * servers that may not be named: somebody who can write to the store must not be able to name other servers.
 */
export function openCredentials(
  keyring: Keyring,
  organizationId: string,
  { sealedSecret, ...rest }: SealedCredentials,
  mayName: OwnServers,
): YubikeyCredentials {
  const usable = rest.servers.every(
    (one) => readServer(one) === one && mayName(new URL(one).hostname, organizationId),
  );
  if (!usable || !CLIENT_ID.test(rest.clientId)) {
    throw new YubikeyError(
      'invalid',
      `what is stored for YubiKeys at ${organizationId} is not usable`,
    );
  }
  const secret = keyring.open(
    Buffer.from(sealedSecret, 'base64'),
    sealingContext(organizationId, rest),
  );
  return { ...rest, clientSecret: Buffer.from(secret).toString() };
}

function sealingContext(
  organizationId: string,
  { clientId, servers, version }: Omit<SealedCredentials, 'sealedSecret'>,
): string {
  return JSON.stringify(['yubikey-otp', organizationId, clientId, servers, version]);
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join('\n');
  return typeof value === 'string' && value.length <= 2000 ? value : '';
}
