/*
 * What the administrator's views share. All strings are plain text; the views escape them. The interfaces of locals
 * change only with a major version, but for added fields.
 */

/** A point in time for `<time>`: ISO 8601 in UTC, and the words for it. */
export interface Moment {
  readonly iso: string;
  readonly text: string;
}

/** A link, or plain text where there is nothing to follow. */
export interface Link {
  readonly label: string;
  readonly href: string | null;
}

/** The navigation: the organizations above, and the pages of the one shown. */
export interface Nav {
  readonly crumbs: readonly Link[];
  readonly organization: { readonly name: string; readonly kind: 'partner' | 'client' };
  readonly tabs: readonly {
    readonly label: string;
    readonly href: string;
    readonly current: boolean;
  }[];
}

export interface Page {
  readonly nav: Nav;
  /** What was just done, on the page that follows a change. */
  readonly notice: string | null;
}

/** Whether two-factor is on, as a tick mark and in words. */
export interface State {
  readonly mode: 'required' | 'optional' | 'off' | 'contradictory';
  /** A tick mark. */
  readonly on: boolean;
  readonly label: string;
  readonly tone: 'success' | 'warning' | 'danger' | 'plain';
}

export interface ListView {
  /** Where the search field leads. */
  readonly action: string;
  readonly search: string;
  readonly total: number | null;
  readonly first: string | null;
  readonly next: string | null;
}

export interface Hidden {
  readonly name: string;
  readonly value: string;
}
