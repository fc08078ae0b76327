import type { Moment, Page } from '../page.js';

/** Whose a found authenticator is. */
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
  /** By which methods; the links of a page with one are not shown. */
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
