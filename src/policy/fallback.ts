import type { WhenUnavailable } from '../contracts.js';
import type { Floor } from './settings.js';

/** From the safest on. */
const ORDER: readonly WhenUnavailable[] = ['deny', 'fall-back-to-totp', 'let-in'];

/**
 * The weakest choice that a partner's floor leaves its clients for the time that Duo cannot be reached. A floor
 * that requires two-factor, and does not say, leaves no password alone.
 */
export function weakestAllowed(
  floor: Pick<Floor, 'mode' | 'whenUnavailable'> | null | undefined,
): WhenUnavailable {
  if (!floor) return 'let-in';
  return floor.whenUnavailable ?? (floor.mode === 'required' ? 'fall-back-to-totp' : 'let-in');
}

export function isWeaker(choice: WhenUnavailable, limit: WhenUnavailable): boolean {
  return ORDER.indexOf(choice) > ORDER.indexOf(limit);
}
