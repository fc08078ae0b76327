import type { Moment, Page } from '../page.js';

/** The owner of a found authenticator. */
export interface FoundView {
  readonly label: string;
  readonly name: string | null;
  readonly href: string;
  readonly organization: string;
  /** The name that its owner gave it. */
  readonly key: string;
  readonly activatedAt: Moment;
  readonly lastUsedAt: Moment | null;
}

/** `admin/look-up`; what the method asks for gives its own locals beside these. */
export interface LookUpLocals extends Page {
  /** The methods to look up by; not shown when there is only one. */
  readonly kinds: readonly {
    readonly label: string;
    readonly href: string;
    readonly current: boolean;
  }[];
  /** The method's view of the form; null for ours. */
  readonly view: string | null;
  readonly action: string;
  /** What was wrong with the answer. */
  readonly error: string | null;
  readonly retryAt: null;
  /** null: nothing was looked up yet. */
  readonly result: { readonly found: FoundView | null } | null;
}
