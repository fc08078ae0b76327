import { type Attempt, authorityOf, type EnrollmentBasis, type Policy } from '../contracts.js';

/**
 * Whether an enrollment may still be confirmed on its basis: the policy may demand an activation key by now, without
 * which a stolen password must not enroll anything.
 */
export function basisHolds({ enrollment }: Policy, basis: EnrollmentBasis): boolean {
  return basis !== 'first' || enrollment === 'self';
}

/**
 * The enrollments that do not prevent the pending one from becoming active as the first. An activation key makes a
 * first factor that counts everywhere, whatever outside authorities vouch for here.
 */
export function besidesOf(
  { enrollments = [], besides = [] }: Attempt,
  basis: EnrollmentBasis,
): readonly string[] {
  if (basis !== 'activation-key') return besides;
  return enrollments.filter((one) => authorityOf(one) !== null).map(({ id }) => id);
}
