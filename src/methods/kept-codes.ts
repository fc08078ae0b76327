import type { SubjectRecord } from '../contracts.js';

/** How many codes are left, if the subject has kept them; null for codes that were never seen. */
export function keptCodesLeft({
  recoveryCodesLeft,
  recoveryCodesKept,
}: Pick<SubjectRecord, 'recoveryCodesLeft' | 'recoveryCodesKept'>): number | null {
  return recoveryCodesKept ? recoveryCodesLeft : null;
}
