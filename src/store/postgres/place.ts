import { escaped } from '../escaped-id.js';
import type { Kind } from '../records.js';

/** What the checksum of a record covers besides the record: one that was moved to another row is damaged. */
export function placeOf(kind: Kind, id: string): string {
  return `${kind}:${escaped(id)}`;
}
