import type { Page } from '../../web/locals.js';

/** `recovery-code/codes`: the new codes, shown until they are kept. Each stands in an element with `data-sp="recovery-code"`. */
export interface RecoveryCodesLocals extends Page {
  readonly codes: readonly string[];
  /** A `data:` URL of a text file that holds them. */
  readonly download: string;
  /** POST `_csrf`: says that they are kept. Its button, with `data-sp="continue"`, leads on. */
  readonly keptAction: string;
}

/** `recovery-code/left`: after a login with a recovery code. */
export interface RecoveryCodesLeftLocals extends Page {
  readonly left: number;
  /** Whether so few are left that new ones should be made. */
  readonly few: boolean;
  /** My Profile → Two-factor. */
  readonly profile: string;
  readonly onward: string;
}
