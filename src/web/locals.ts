/**
 * What each view is rendered with. A host that replaces a view gets exactly these locals: `frame` on every
 * page, and the page's own fields beside it. All strings are plain text unless a field says otherwise; the
 * views escape them. The interfaces change only with a major version, but for added fields.
 */

/** What every page shows around its content. */
export interface Frame {
  /** The page's title, without the brand's name. */
  readonly title: string;
  readonly brand: { readonly name: string; readonly logoUrl: string | null };
  /** Path of our stylesheet, with its hash. */
  readonly stylesheet: string;
  /** Path of our script, for the pages that include it. */
  readonly script: string;
  /** Path of the generated accent stylesheet; null for our own accent. */
  readonly accent: string | null;
  /** For the hidden field `_csrf` of each form; empty when there is no session to bind one to. */
  readonly csrfToken: string;
  /** Whom one is signed in as; null when nobody is, or when that cannot be told. */
  readonly subject: { readonly label: string } | null;
  /** What has to be said before anything else, on whichever page comes next, as sentences. */
  readonly notice: string | null;
  readonly paths: {
    /** Where the brand's name leads to. */
    readonly home: string;
    /** The host's login page. */
    readonly login: string;
    /** POST with `_csrf`. */
    readonly signOut: string;
  };
}

/** A point in time for `<time>`: ISO 8601 in UTC, and the words for it (see `wording.ts`). */
export interface Moment {
  readonly iso: string;
  readonly text: string;
}

/** A way to another method. */
export interface MethodLink {
  readonly title: string;
  readonly href: string;
}

/** The offer to postpone activation: a POST (with `_csrf`) to `action`, and the end of the grace period. */
export interface Later {
  readonly action: string;
  readonly until: Moment;
  /** How much time there is until then, in words: `5 days`. */
  readonly left: string;
}

/** What an authenticator app makes codes by, in words. */
interface KeySettings {
  /** `SHA-256`. */
  readonly algorithm: string;
  readonly digits: number;
  /** How long a code is shown: `30 seconds`. */
  readonly period: string;
}

interface Page {
  readonly frame: Frame;
}

/** `activate-totp`: QR code, manual key, and the one field that confirms them. */
export interface ActivateTotpLocals extends Page {
  /** POST `code`, `enrollment` and `_csrf`. */
  readonly action: string;
  /** POST `_csrf`: voids this key and makes a new one. */
  readonly restartAction: string;
  /** Id of the pending enrollment, so that a code from an older tab is told apart. */
  readonly enrollment: string;
  /** The Base32 key in groups of four, separated by spaces. */
  readonly key: string;
  /** Our own SVG (see `qr.ts`): the one local that is markup. */
  readonly qr: string;
  /** The key as `otpauth:` link, which an authenticator app on the same device opens. */
  readonly uri: string;
  readonly account: string;
  readonly issuer: string;
  /** What has to be chosen in the app by whoever types the key; null where it is what every app assumes. */
  readonly settings: KeySettings | null;
  /** What the new app is called unless its owner types another `name` (at most `nameLength`); null: no field. */
  readonly name: string | null;
  readonly nameLength: number;
  /** Length of the code: 6 or 8. */
  readonly digits: number;
  /** What was wrong with the last answer, as a sentence; shown beside the field. */
  readonly error: string | null;
  /** When the next attempt is heard; null when at once. */
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
}

/** `challenge-totp`: the code only. */
export interface ChallengeTotpLocals extends Page {
  /** POST `code` and `_csrf`. */
  readonly action: string;
  /** The name under which the authenticator app lists the account. */
  readonly issuer: string;
  /** Of this person's app; of several with codes of different lengths the shortest. */
  readonly digits: number;
  /** The same in words, all of them: `6 digits`, `6 or 8 digits`. */
  readonly digitsText: string;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
  /** Why it is asked: at login (null), again for one action, or before another method is activated. */
  readonly reason: null | 'step-up' | 'enroll-other';
  /** For how long this device may be remembered (checkbox `remember`, value 1); null: not at all. */
  readonly rememberDays: number | null;
}

/** `choose-method`: which method to activate, or to be challenged with. */
export interface ChooseMethodLocals extends Page {
  readonly purpose: 'activate' | 'challenge';
  /** In the policy's order; the first is the preferred one. */
  readonly methods: readonly (MethodLink & {
    /** One sentence on what it needs, or null. */
    readonly description: string | null;
  })[];
  readonly later: Later | null;
}

/** `message`: 4xx and 503, and anything else that is only said. */
export interface MessageLocals extends Page {
  /** Shown small, for support; null when the page is no error. */
  readonly status: number | null;
  readonly heading: string;
  readonly text: string;
  /** What the reader can do about it, as a sentence. */
  readonly advice: string | null;
  /** The one way on: a link. It carries `data-sp="continue"`. */
  readonly primary: { readonly label: string; readonly href: string } | null;
}

/** `activate-begin`: the button that begins an activation, where it does not begin by itself. */
export interface ActivateBeginLocals extends Page {
  /** POST `_csrf`: voids whatever was begun before. */
  readonly action: string;
  readonly heading: string;
  readonly text: string;
  readonly button: string;
  /** Whether a method that is active now is replaced by it. */
  readonly replaces: boolean;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
}

/** `activate-handover`: the code of a key that an administrator has handed over. */
export interface ActivateHandoverLocals extends Page {
  /** POST `code`, `enrollment` and `_csrf`. */
  readonly action: string;
  /** POST `_csrf`: sets up an app without the administrator's key; null where that is not allowed. */
  readonly restartAction: string | null;
  readonly enrollment: string;
  readonly issuer: string;
  readonly digits: number;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
}

/** `activation-key`: asked for before a first activation, where the organization demands it. */
export interface ActivationKeyLocals extends Page {
  /** POST `activationKey` and `_csrf`. */
  readonly action: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
}

/** `challenge-recovery-code`: one of the codes that were kept. */
export interface ChallengeRecoveryCodeLocals extends Page {
  /** POST `code` and `_csrf`. */
  readonly action: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
}

/** `recovery-codes`: the new codes, shown until they are kept. Each stands in an element with `data-sp="recovery-code"`. */
export interface RecoveryCodesLocals extends Page {
  readonly codes: readonly string[];
  /** A `data:` URL of a text file that holds them. */
  readonly download: string;
  /** POST `_csrf`: they are kept. Its button is the way on, with `data-sp="continue"`. */
  readonly keptAction: string;
}

/** `recovery-codes-left`: after a login with a recovery code. */
export interface RecoveryCodesLeftLocals extends Page {
  readonly left: number;
  /** So few that new ones should be made. */
  readonly few: boolean;
  /** My Profile → Two-factor. */
  readonly profile: string;
  readonly onward: string;
}

/** `prompt-duo`: on the way to Duo, or what came of it. */
export interface PromptDuoLocals extends Page {
  readonly purpose: 'activate' | 'challenge';
  readonly reason: null | 'step-up' | 'enroll-other';
  /** Whether the page leads on by itself, by a Refresh header. */
  readonly atOnce: boolean;
  /** The way on, with `data-sp="continue"`: to Duo, or after an error to where it begins again. */
  readonly href: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
  /** POST `remember=1` and `_csrf`: goes on to Duo as well, and has this device remembered for so many days. */
  readonly remember: { readonly action: string; readonly days: number } | null;
}

/** `fallback-duo`: Duo is out of reach, and the tenant lets this person in by another way. */
export interface FallbackDuoLocals extends Page {
  /** POST `_csrf`, and `code` where one is asked for. */
  readonly action: string;
  /** Whether a code of the authenticator app is asked for. */
  readonly withCode: boolean;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
}

/** `confirm`: one question before a change. */
export interface ConfirmLocals extends Page {
  readonly heading: string;
  readonly text: string;
  /** POST `_csrf`. */
  readonly action: string;
  /** What the button says. */
  readonly confirm: string;
  /** Where to go instead. */
  readonly cancel: string;
  readonly danger: boolean;
}

/** `rename`: the name of one authenticator. */
export interface RenameLocals extends Page {
  /** POST `name` and `_csrf`. */
  readonly action: string;
  readonly title: string;
  readonly name: string;
  readonly nameLength: number;
  readonly error: string | null;
  readonly cancel: string;
}

/** `profile`: My Profile → Two-factor. */
export interface ProfileLocals extends Page {
  /** What has just been done, as a sentence. */
  readonly notice: string | null;
  /** Whether any method is activated. */
  readonly active: boolean;
  readonly mode: 'off' | 'optional' | 'required';
  readonly enrollments: readonly {
    readonly id: string;
    readonly method: string;
    readonly title: string;
    readonly label: string;
    readonly createdAt: Moment;
    readonly lastUsedAt: Moment | null;
    /** Whether the organization still accepts it. */
    readonly accepted: boolean;
    /** Links; null where the policy does not allow it. */
    readonly replaceHref: string | null;
    readonly removeHref: string | null;
    readonly renameHref: string | null;
  }[];
  readonly activatable: readonly MethodLink[];
  /** Null where not offered. */
  readonly recoveryCodes: {
    /** Of those that are kept; 0 when none were made. */
    readonly left: number;
    /** Whether there are codes that nobody has said to have kept. */
    readonly unkept: boolean;
    /** Where these are shown again; null where they cannot be. */
    readonly showHref: string | null;
    /** Where new ones are made. */
    readonly href: string;
  } | null;
  readonly devices: readonly {
    readonly label: string;
    readonly lastUsedAt: Moment;
    readonly endsAt: Moment;
    /** POST `_csrf`: forgets it. */
    readonly forgetAction: string;
  }[];
  readonly signOutOthersHref: string;
  /** Where an administrator switches two-factor for the whole account. */
  readonly accountHref: string | null;
}

/** Each view's locals by its name. */
export interface ViewLocals {
  'activate-begin': ActivateBeginLocals;
  'activate-totp': ActivateTotpLocals;
  'activate-handover': ActivateHandoverLocals;
  'activation-key': ActivationKeyLocals;
  'challenge-recovery-code': ChallengeRecoveryCodeLocals;
  'challenge-totp': ChallengeTotpLocals;
  'choose-method': ChooseMethodLocals;
  confirm: ConfirmLocals;
  'fallback-duo': FallbackDuoLocals;
  message: MessageLocals;
  profile: ProfileLocals;
  'prompt-duo': PromptDuoLocals;
  'recovery-codes': RecoveryCodesLocals;
  'recovery-codes-left': RecoveryCodesLeftLocals;
  rename: RenameLocals;
}

export type ViewName = keyof ViewLocals;
