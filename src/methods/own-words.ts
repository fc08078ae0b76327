import type { Words } from '../contracts.js';
import { DUO_WORDS } from './duo/words.js';
import { RECOVERY_CODE_WORDS } from './recovery-code/words.js';
import { SECURITY_KEY_WORDS } from './security-key/words.js';
import { TOTP_WORDS } from './totp/words.js';

/**
 * The words of this package, which are checked by its tests: parsing them would take longer than all the rest of
 * making a door.
 */
export const OWN_WORDS: ReadonlySet<Words> = new Set<Words>([
  DUO_WORDS,
  RECOVERY_CODE_WORDS,
  SECURITY_KEY_WORDS,
  TOTP_WORDS,
]);
