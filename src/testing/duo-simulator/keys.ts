import { randomInt } from 'node:crypto';
import type { DuoApp } from './app.js';

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ANY = `${UPPER}abcdefghijklmnopqrstuvwxyz`;

/**
 * A new pair of keys in Duo's shape: `DI…` of 20 characters and a secret of 40.
 * @example
 * const duo = await duoSimulator({ apps: [duoKeys()], users: {}, now: Date.now });
 */
export function duoKeys(): Pick<DuoApp, 'clientId' | 'clientSecret'> {
  return { clientId: `DI${pick(UPPER, 18)}`, clientSecret: pick(ANY, 40) };
}

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
