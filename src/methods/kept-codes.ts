import type { SubjectRecord } from '../contracts.js';

/** How many codes are left of those that were kept: nobody is told to have codes that nobody has seen. */
export function keptCodesLeft({
  recoveryCodesLeft,
  recoveryCodesKept,
}: Pick<SubjectRecord, 'recoveryCodesLeft' | 'recoveryCodesKept'>): number | null {
  return recoveryCodesKept ? recoveryCodesLeft : null;
}
