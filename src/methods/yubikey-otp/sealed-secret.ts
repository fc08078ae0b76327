import type { SealedSetting } from '../../contracts.js';
import { messageOf } from '../../errors.js';
import { otpValidation } from './client.js';
import { openCredentials, type SealedCredentials, sealCredentials } from './credentials.js';
import { YubikeyError } from './failure.js';
import { examine } from './save.js';
import { serversOf } from './servers.js';

const TIMEOUT_MS = 5000;

/** The command line accepts all stored servers, since a door has allowed them. */
const ANY_SERVER = () => true;

/** The secret keys of YubiKeys for the command line. */
export const sealedSecret: SealedSetting = {
  words: ['YubiKey secret', 'YubiKey secrets'],

  bytes(stored) {
    const credentials = credentialsOf(stored);
    return credentials && Buffer.from(credentials.sealedSecret, 'base64');
  },

  open(keyring, organizationId, stored) {
    openCredentials(keyring, organizationId, usable(stored, organizationId), ANY_SERVER);
  },

  reseal(keyring, organizationId, stored) {
    const sealed = usable(stored, organizationId);
    const opened = openCredentials(keyring, organizationId, sealed, ANY_SERVER);
    return { ...Object(stored), credentials: sealCredentials(keyring, organizationId, opened) };
  },

  async examine(keyring, organizationId, stored, { httpsAgent, now }) {
    const sealed = usable(stored, organizationId);
    const credentials = openCredentials(keyring, organizationId, sealed, ANY_SERVER);
    const validate = otpValidation({ timeoutMs: TIMEOUT_MS, httpsAgent });
    try {
      await examine(validate, credentials, now);
    } catch (error) {
      // An outage may pass; refused credentials will not.
      const level = error instanceof YubikeyError && error.outage ? 'WARN' : 'FAIL';
      return { level, text: messageOf(error) };
    }
    const hosts = serversOf(credentials.servers).map((one) => new URL(one).host);
    return { level: 'OK', text: `${hosts.join(', ')} answers and takes the secret key` };
  },
};

function credentialsOf(stored: unknown): SealedCredentials | null {
  const { credentials } = Object(stored) as { readonly credentials?: Partial<SealedCredentials> };
  const { sealedSecret: sealed, servers } = Object(credentials) as Partial<SealedCredentials>;
  return typeof sealed === 'string' && Array.isArray(servers)
    ? (credentials as SealedCredentials)
    : null;
}

function usable(stored: unknown, organizationId: string): SealedCredentials {
  const credentials = credentialsOf(stored);
  if (credentials) return credentials;
  const message = `what is stored for YubiKeys at ${organizationId} is not usable`;
  throw new YubikeyError('invalid', message);
}
