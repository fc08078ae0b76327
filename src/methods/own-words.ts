import type { Words } from '../contracts.js';
import { DUO_WORDS } from './duo/words.js';
import { RECOVERY_CODE_WORDS } from './recovery-code/words.js';
import { SECURITY_KEY_WORDS } from './security-key/words.js';
import { TOTP_WORDS } from './totp/words.js';

/** Words of this package, which its tests check: to parse them all takes longer than all else that makes a door. */
export const OWN_WORDS: ReadonlySet<Words> = new Set<Words>([
  DUO_WORDS,
  RECOVERY_CODE_WORDS,
  SECURITY_KEY_WORDS,
  TOTP_WORDS,
]);
