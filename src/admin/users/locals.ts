import type { Hidden, ListView, Moment, Page, State } from '../page.js';

export interface UserRow {
  readonly id: string;
  readonly label: string;
  readonly name: string | null;
  readonly href: string;
  readonly state: State;
  /** Who switched it on, e.g. `from client`. */
  readonly from: string;
  /** What is activated, e.g. `Authenticator app`; null: nothing. */
  readonly activated: string | null;
  /** Until when activation may be postponed. */
  readonly graceUntil: Moment | null;
  /** Why no code is accepted now; null when codes are. */
  readonly locked: { readonly text: string; readonly until: Moment | null } | null;
}

/** `admin/users` */
export interface UsersLocals extends Page {
  readonly list: ListView;
  readonly rows: readonly UserRow[];
  readonly filter: {
    /** The state that is looked for, as in the address and in words; empty and null for all users. */
    readonly state: string;
    readonly words: string | null;
    readonly states: readonly { readonly name: string; readonly label: string }[];
    /** The label of the checkbox that selects all of them. */
    readonly all: string;
    /** How many were looked at so far, on this page and those before. */
    readonly looked: number;
  };
  /** The page that looks up a found key; null when no method can. */
  readonly lookUp: string | null;
  /** POST of the selection: shows the confirmation. */
  readonly bulkAction: string;
}

/** `admin/bulk-confirm` */
export interface BulkConfirmLocals extends Page {
  readonly enable: boolean;
  readonly count: number;
  readonly action: string;
  readonly cancel: string;
  readonly fields: readonly Hidden[];
  /** The first few, by label. */
  readonly some: readonly string[];
  /** Why it is asked again. */
  readonly again: string | null;
  readonly lockout: { readonly text: string; readonly error: string | null } | null;
  readonly graceError: string | null;
}

/** `admin/bulk-result` */
export interface BulkResultLocals extends Page {
  readonly enable: boolean;
  readonly done: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly rows: readonly {
    readonly label: string;
    readonly href: string | null;
    readonly outcome: string;
    readonly tone: State['tone'];
  }[];
  readonly back: string;
}
