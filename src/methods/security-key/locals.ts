import type { ActivateLocals, ChallengeLocals } from '../../web/locals.js';

interface Scripted {
  /** What its script asks the browser for, as JSON (`PublicKeyCredential…OptionsJSON`); null to look again. */
  readonly options: string | null;
  /** What it says itself, as JSON: a sentence for each thing that can come up in the browser. */
  readonly said: string;
}

/** `security-key/challenge`: one button, for a script that fills the hidden field `credential`. */
export interface SecurityKeyChallengeLocals extends ChallengeLocals, Scripted {
  /** The domains at which the person's keys work, where none of them does here; `options` is null then. */
  readonly elsewhere: readonly string[];
}

/** `security-key/activate`: the same for a new one. */
export interface SecurityKeyActivateLocals extends ActivateLocals, Scripted {}

/** What the method itself gives of them. */
export type OwnLocals = Omit<SecurityKeyChallengeLocals, keyof ChallengeLocals | 'elsewhere'> &
  Omit<SecurityKeyActivateLocals, keyof ActivateLocals>;
