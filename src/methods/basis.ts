import { type Attempt, authorityOf, type EnrollmentBasis, type Policy } from '../contracts.js';

/**
 * Whether an enrollment may still be confirmed on the basis on which it was begun: since then the policy may
 * have come to demand an activation key, without which a stolen password must enroll nothing.
 */
export function basisHolds({ enrollment }: Policy, basis: EnrollmentBasis): boolean {
  return basis !== 'first' || enrollment === 'self';
}

/**
 * Beside which enrollments the pending one may become active, as if it were the first. An activation key makes
 * somebody's first factor that counts everywhere, whatever others say of them here.
 */
export function besidesOf(
  { enrollments = [], besides = [] }: Attempt,
  basis: EnrollmentBasis,
): readonly string[] {
  if (basis !== 'activation-key') return besides;
  return enrollments.filter((one) => authorityOf(one) !== null).map(({ id }) => id);
}
