import type { MethodName } from '../contracts.js';

/**
 * What the sealed bytes of an enrollment are authenticated with: by subject id and enrollment alone, so that a
 * move to another tenant leaves them readable, and a ciphertext moved to somebody else does not open.
 */
export function sealingContext(
  method: MethodName,
  subjectId: string,
  enrollmentId: string,
): string {
  return JSON.stringify([method, subjectId, enrollmentId]);
}
