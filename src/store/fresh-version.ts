import { randomFillSync } from 'node:crypto';
import { VERSION_BYTES } from './codec/record.js';

/** To ask for six random bytes costs as much as to ask for thousands. */
const stock = Buffer.alloc(VERSION_BYTES * 500);
let used = stock.length;

/** The version of a record that is written now. It is no secret, and has to be one that no record had before. */
export function freshVersion(): Uint8Array {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += VERSION_BYTES;
  return Uint8Array.from(stock.subarray(used - VERSION_BYTES, used));
}
