import type { ActivateLocals, ChallengeLocals } from '../../web/locals.js';

/** The parameters of codes, in words. */
interface KeySettings {
  /** `SHA-256`. */
  readonly algorithm: string;
  readonly digits: number;
  /** How long a code is shown: `30 seconds`. */
  readonly period: string;
}

/** `totp/activate`: QR code, manual key, and the one field that confirms them. */
export interface TotpActivateLocals extends ActivateLocals {
  /** The Base32 key in groups of four, separated by spaces. */
  readonly key: string;
  /** Our own SVG (see `qr.ts`): the one local that is markup. */
  readonly qr: string;
  /** The key as `otpauth:` link, which an authenticator app on the same device opens. */
  readonly uri: string;
  readonly account: string;
  readonly issuer: string;
  /** The settings to choose in the app when the key is typed; null for those that every app assumes. */
  readonly settings: KeySettings | null;
  /** Length of the code: 6 or 8. */
  readonly digits: number;
}

/** `totp/challenge`: the code only. */
export interface TotpChallengeLocals extends ChallengeLocals {
  /** The name under which the authenticator app lists the account. */
  readonly issuer: string;
  /** The code length of this person's app; the shortest of several. */
  readonly digits: number;
  /** The same in words, all of them: `6 digits`, `6 or 8 digits`. */
  readonly digitsText: string;
}

/** `totp/handover`: the code of a key that an administrator has handed over. */
export interface TotpHandoverLocals extends ActivateLocals {
  readonly issuer: string;
  readonly digits: number;
}

/** The locals that the method itself gives. */
export type Own<Locals extends ActivateLocals | ChallengeLocals> = Omit<
  Locals,
  keyof ActivateLocals | keyof ChallengeLocals
>;
