import type { SealedSetting } from '../../contracts.js';
import { messageOf } from '../../errors.js';
import { duoClients } from './client.js';
import { openCredentials, type SealedCredentials, sealCredentials } from './credentials.js';
import { DuoError } from './failure.js';

const TIMEOUT_MS = 5000;

/** Duo's keys for the command line. */
export const sealedKeys: SealedSetting = {
  words: ['Duo key', 'Duo keys'],

  bytes(stored) {
    const keys = keysOf(stored);
    return keys && Buffer.from(keys.sealedSecret, 'base64');
  },

  open(keyring, organizationId, stored) {
    openCredentials(keyring, organizationId, usable(stored, organizationId));
  },

  reseal(keyring, organizationId, stored) {
    const opened = openCredentials(keyring, organizationId, usable(stored, organizationId));
    return { ...Object(stored), keys: sealCredentials(keyring, organizationId, opened) };
  },

  async examine(keyring, organizationId, stored, { httpsAgent }) {
    const credentials = openCredentials(keyring, organizationId, usable(stored, organizationId));
    const clientOf = duoClients({
      // Needed only for a prompt, and none is opened here.
      redirectUrl: 'https://localhost/two-factor/duo/callback',
      ...{ timeoutMs: TIMEOUT_MS, httpsAgent },
    });
    try {
      await clientOf(credentials).healthCheck();
    } catch (error) {
      // An outage may pass; refused keys will not.
      const level = error instanceof DuoError && error.outage ? 'WARN' : 'FAIL';
      return { level, text: messageOf(error) };
    }
    return { level: 'OK', text: `${credentials.apiHost} answers and accepts the keys` };
  },
};

function keysOf(stored: unknown): SealedCredentials | null {
  const { keys } = Object(stored) as { readonly keys?: Partial<SealedCredentials> };
  return typeof keys?.sealedSecret === 'string' ? (keys as SealedCredentials) : null;
}

function usable(stored: unknown, organizationId: string): SealedCredentials {
  const keys = keysOf(stored);
  if (keys) return keys;
  throw new DuoError('invalid', `what is stored for Duo at ${organizationId} is not usable`);
}
