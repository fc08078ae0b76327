import type { Keyring } from '../contracts.js';
import { keyIds, keyring } from '../crypto/keyring.js';
import { type Terminal, UsageError } from './command.js';

export interface Keys {
  readonly keyring: Keyring;
  /** In hexadecimal, that of the sealing key first. */
  readonly ids: readonly string[];
}

/**
 * The app's keys from SALLYPORT_KEYS or SALLYPORT_KEY, separated by commas; the first one seals. Never from the
 * command line, which other users of the machine can read.
 */
export function keysFrom({ env }: Pick<Terminal, 'env'>): Keys | null {
  const given = env.SALLYPORT_KEYS || env.SALLYPORT_KEY;
  if (!given) return null;
  const keys = given.split(',').map((key) => key.trim());
  return { keyring: keyring(keys), ids: keyIds(keys) };
}

export function requiredKeys(terminal: Pick<Terminal, 'env'>): Keys {
  const keys = keysFrom(terminal);
  if (!keys) {
    throw new UsageError(
      'set SALLYPORT_KEY to the key of your app (or SALLYPORT_KEYS to several, separated by commas, the newest first)',
    );
  }
  return keys;
}
