import { escaped } from '../escaped-id.js';
import type { Kind } from '../records.js';

/** Covered by the record's checksum, so that a record moved to another row counts as damaged. */
export function placeOf(kind: Kind, id: string): string {
  return `${kind}:${escaped(id)}`;
}
