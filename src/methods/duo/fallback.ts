import type { Floor } from '../../contracts.js';

/** What can happen when Duo cannot be reached, safest first; never when it denies. */
export const WHEN_UNAVAILABLE = ['deny', 'fall-back-to-totp', 'let-in'] as const;

export type WhenUnavailable = (typeof WHEN_UNAVAILABLE)[number];

/**
 * The weakest choice that a partner's floor allows its clients when Duo cannot be reached. A floor that requires
 * two-factor without a choice does not allow a password alone.
 */
export function weakestAllowed(
  floor: Pick<Floor, 'mode' | 'whenUnavailable'> | null | undefined,
): WhenUnavailable {
  if (!floor) return 'let-in';
  return floor.whenUnavailable ?? (floor.mode === 'required' ? 'fall-back-to-totp' : 'let-in');
}

export function isWeaker(choice: WhenUnavailable, limit: WhenUnavailable): boolean {
  return WHEN_UNAVAILABLE.indexOf(choice) > WHEN_UNAVAILABLE.indexOf(limit);
}
