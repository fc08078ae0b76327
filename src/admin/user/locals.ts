import type { Moment, Page, State } from '../page.js';

/** One page of the history of a user's authenticators. */
export interface HistoryView {
  readonly rows: readonly {
    readonly at: Moment;
    readonly what: string;
    /** `title` is the method's, where the authenticator has a name of its own. */
    readonly which: readonly { readonly label: string; readonly title: string | null }[];
    readonly who: string;
    /** How often the same happened again, and when last. */
    readonly repeats: number;
    readonly lastAt: Moment | null;
  }[];
  readonly next: string | null;
  readonly first: string | null;
}

/** `admin/user` */
export interface UserLocals extends Page {
  readonly userId: string;
  readonly label: string;
  readonly name: string | null;
  readonly state: State;
  readonly from: string;
  readonly because: readonly string[];
  readonly problem: string | null;
  readonly factors: readonly {
    readonly title: string;
    readonly label: string;
    readonly createdAt: Moment;
    readonly lastUsedAt: Moment | null;
    readonly accepted: boolean;
    readonly phishingResistant: boolean;
    /** When a copy of it was noticed; null for never. */
    readonly copiedAt: Moment | null;
  }[];
  /**
   * The last sign-in that counted instead of a factor, such as `by okta, 3 hours ago`, and whether it still counts.
   */
  readonly signIn: { readonly name: string; readonly counts: boolean } | null;
  readonly recoveryCodesLeft: number | null;
  readonly activationKey: { readonly until: Moment; readonly past: boolean } | null;
  readonly failures: number;
  readonly lock: {
    readonly locked: boolean;
    readonly retryAt: Moment | null;
    readonly stopped: boolean;
  };
  readonly history: HistoryView;
  /** The administrator's own account, which they change on My Profile. */
  readonly self: boolean;
  /** The actions that are allowed and possible now: the address of each, or null. */
  readonly can: {
    readonly activate: string | null;
    readonly revokeKey: string | null;
    readonly reset: string | null;
    readonly unlock: string | null;
    readonly enable: string | null;
    readonly disable: string | null;
  };
  /** Required by the organization, so that it cannot be switched off for this user. */
  readonly required: boolean;
  /** Who requires it: `partner`, `client`, `both`, or empty for the default. */
  readonly requiredFrom: string;
  readonly back: string | null;
}

/** `admin/user-activate`: the ways to activate a user. */
export interface UserActivateLocals extends Page {
  readonly label: string;
  readonly action: string;
  readonly issueKeyAction: string;
  readonly back: string;
  /** What an administrator can begin, each with how: `now`, `first-login`. */
  readonly mechanisms: readonly {
    readonly method: string;
    readonly ways: readonly string[];
    readonly heading: string;
    readonly text: string | null;
    /** The label of the button. */
    readonly begin: string;
  }[];
  /** Said where there is none of them. */
  readonly nothing: string;
  readonly keyLifetime: string;
  readonly handoverLifetime: string;
  readonly keyDemanded: boolean;
}

/**
 * `admin/user-key`: what is handed over, shown once; only the field after a wrong code, or where the method shows
 * nothing.
 */
export interface UserKeyLocals extends Page {
  readonly label: string;
  /** What is handed over, in a view of the method; null after a wrong code, or where the method shows nothing. */
  readonly shown: { readonly view: string; readonly locals: object } | null;
  /** Whether the method shows something to hand over, now or before. */
  readonly handsOver: boolean;
  /** null when the user confirms at their first login, at the latest at `until`. */
  readonly confirm: {
    readonly action: string;
    readonly method: string;
    readonly enrollment: string;
  } | null;
  /** For the code that confirms it; null where there is none to enter. */
  readonly field: {
    readonly label: string;
    readonly hint: string;
    readonly inputMode?: 'numeric' | 'text';
  } | null;
  readonly until: Moment;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly back: string;
  readonly again: string;
}

/** `admin/user-activation-key`: the activation key, shown once. */
export interface UserActivationKeyLocals extends Page {
  readonly label: string;
  readonly key: string;
  readonly until: Moment;
  readonly wasReset: boolean;
  readonly back: string;
}

/** `admin/user-reset`: the question before a reset. */
export interface UserResetLocals extends Page {
  readonly label: string;
  readonly action: string;
  readonly back: string;
  readonly keyDemanded: boolean;
  readonly factors: number;
}
