/**
 * What each view is rendered with. A host that replaces a view gets exactly these locals: `frame` on every
 * page, and the page's own fields beside it. All strings are plain text unless a field says otherwise; the
 * views escape them. The interfaces change only with a major version, but for added fields. The sentences of the
 * views themselves come from the catalog, by what `ViewWords` (in `view-words.ts`) adds to the locals of each.
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
  /** Who is signed in; null when nobody is, or when it cannot be told. */
  readonly subject: { readonly label: string } | null;
  /** Sentences to show first on this page, left by an earlier request. */
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

/** A point in time for `<time>`: ISO 8601 in UTC, and the words for it (see `words.ts`). */
export interface Moment {
  readonly iso: string;
  readonly text: string;
}

/** A way to another method. */
export interface MethodLink {
  readonly title: string;
  readonly href: string;
  /** One sentence on it; left out where there is nothing to say. */
  readonly text?: string;
}

/** The offer to postpone activation: a POST (with `_csrf`) to `action`, and the end of the grace period. */
export interface Later {
  readonly action: string;
  readonly until: Moment;
  /** How much time there is until then, in words: `5 days`. */
  readonly left: string;
}

export interface Page {
  readonly frame: Frame;
}

/** One field of a method's answer. */
export interface FieldLocals {
  readonly name: string;
  readonly label: string;
  readonly hint: string | null;
  readonly inputMode: 'numeric' | 'text';
  readonly maxLength: number;
}

/** `challenge`, or a method's own view: what the method asks for. A method may add locals. */
export interface ChallengeLocals extends Page {
  /** POST the fields and `_csrf`. */
  readonly action: string;
  /** POST `_csrf`: sends the code or message again; null for a method that sends nothing. */
  readonly restartAction: string | null;
  /** Whether the method sends something, which may not have arrived. */
  readonly sends: boolean;
  readonly heading: string;
  readonly text: string | null;
  readonly fields: readonly FieldLocals[];
  /** Path of the method's own script, with its hash; null for a method without one. */
  readonly methodScript: string | null;
  /** What was wrong with the last answer, as a sentence; shown beside the field. */
  readonly error: string | null;
  /** When the next attempt is accepted; null for at once. */
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
  /** Why it is asked: null at login, for one action, or before another method is activated. */
  readonly reason: null | 'step-up' | 'enroll-other';
  /** How many days this device may be remembered (checkbox `remember`, value 1); null for not at all. */
  readonly rememberDays: number | null;
}

/** `activate`, or a method's own view, when a method is activated. */
export interface ActivateLocals extends Omit<ChallengeLocals, 'reason' | 'rememberDays'> {
  /** POST `_csrf`: voids what was begun and begins anew; null where that is not allowed. */
  readonly restartAction: string | null;
  /** Id of the pending enrollment, sent as `enrollment`, so that an answer from an older tab is recognized. */
  readonly enrollment: string;
  /** The name it gets unless its owner sends another `name` (at most `nameLength`); null for no field. */
  readonly name: string | null;
  readonly nameLength: number;
  readonly later: Later | null;
}

/** `choose-method`: which method to activate, or to be challenged with. */
export interface ChooseMethodLocals extends Page {
  readonly purpose: 'activate' | 'challenge';
  /** In the policy's order, but the first one where not every browser can do it: that is the second here. */
  readonly methods: readonly (MethodLink & {
    /** One sentence on what it needs, or null. */
    readonly description: string | null;
    /** It is moved to be the first where `window` has a property of this name; null: it stays where it is. */
    readonly firstWith: string | null;
  })[];
  readonly later: Later | null;
}

/**
 * `sign-in-again`: to whoever has signed in elsewhere, which would do if it were done anew. In `otherMethods` is what may be
 * activated in its place.
 */
export interface SignInAgainLocals extends Page {
  readonly heading: string;
  /** Where they come from there already: what else they can do; otherwise null. */
  readonly text: string | null;
  /** The first is the way on: it carries `data-sp="sign-in-again"`. */
  readonly signIns: readonly {
    /** `Sign in again with Okta` */
    readonly label: string;
    readonly href: string;
    /** Why the one that they have is not enough. */
    readonly text: string;
  }[];
  /** Whether they come from there already, and it was not enough. */
  readonly inVain: boolean;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
}

/** `message`: 4xx, 503, and other pages that only say something. */
export interface MessageLocals extends Page {
  /** Shown small, for support; null when the page is no error. */
  readonly status: number | null;
  readonly heading: string;
  readonly text: string;
  /** What the reader can do about it, as a sentence. */
  readonly advice: string | null;
  /** The link to continue by. It carries `data-sp="continue"`. */
  readonly primary: { readonly label: string; readonly href: string } | null;
}

/** `activate-begin`: the button that begins an activation, where it does not begin by itself. */
export interface ActivateBeginLocals extends Page {
  /** POST `_csrf`: voids what was begun before. */
  readonly action: string;
  readonly heading: string;
  readonly text: string;
  readonly button: string;
  /** Whether a method that is active now is replaced by it. */
  readonly replaces: boolean;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
}

/** `activation-key`: asked for before a first activation, where the organization demands it. */
export interface ActivationKeyLocals extends Page {
  /** POST `activationKey` and `_csrf`. */
  readonly action: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
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
    readonly phishingResistant: boolean;
    /** When a copy of it was noticed; null for never. */
    readonly copiedAt: Moment | null;
    /** Links; null where the policy does not allow it. */
    readonly replaceHref: string | null;
    readonly removeHref: string | null;
    readonly renameHref: string | null;
  }[];
  readonly activatable: readonly MethodLink[];
  /** Whether they have only one authenticator and may add another. */
  readonly onlyOne: boolean;
  /** The sections of methods: a view of the method with its locals. */
  readonly sections: readonly { readonly view: string; readonly locals: object }[];
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
  activate: ActivateLocals;
  challenge: ChallengeLocals;
  'activate-begin': ActivateBeginLocals;
  'activation-key': ActivationKeyLocals;
  'choose-method': ChooseMethodLocals;
  confirm: ConfirmLocals;
  message: MessageLocals;
  profile: ProfileLocals;
  rename: RenameLocals;
  'sign-in-again': SignInAgainLocals;
}

export type ViewName = keyof ViewLocals;
