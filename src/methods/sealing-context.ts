import type { MethodName } from '../contracts.js';

/**
 * The authenticated context of an enrollment's sealed bytes: subject id and enrollment only, so that they stay
 * readable when the subject moves to another tenant, but not when they are moved to another subject.
 */
export function sealingContext(
  method: MethodName,
  subjectId: string,
  enrollmentId: string,
): string {
  return JSON.stringify([method, subjectId, enrollmentId]);
}
