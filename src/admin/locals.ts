import type { FieldWords } from './bodies.js';

import type { ChangeWords } from './organization/changes.js';
import type { DryRun } from './organization/dry-run.js';
import type { FormLevel } from './organization/setting-form.js';

/*
 * What each of the administrator's views is rendered with, beside `frame`. All strings are plain text; the
 * views escape them. The interfaces change only with a major version, but for added fields.
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

/** Where one is: the organizations above, and the pages of the one shown. */
export interface Nav {
  readonly crumbs: readonly Link[];
  readonly organization: { readonly name: string; readonly kind: 'partner' | 'client' };
  readonly tabs: readonly {
    readonly label: string;
    readonly href: string;
    readonly current: boolean;
  }[];
}

interface Page {
  readonly nav: Nav;
  /** What was just done; said on the page that follows a change. */
  readonly notice: string | null;
}

/** How two-factor stands, for a tick mark and words. */
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

/** `admin/organization` */
export interface OrganizationLocals extends Page {
  readonly state: State;
  readonly facts: readonly { readonly term: string; readonly text: string }[];
  readonly links: readonly (Link & { readonly description: string })[];
}

/** `admin/authentication`: the form of an organization's setting. */
export interface AuthenticationLocals extends Page {
  readonly state: State;
  /** Why, in sentences. */
  readonly because: readonly string[];
  readonly mayChange: boolean;
  /** POST: shows what would happen. */
  readonly previewAction: string;
  readonly version: number;
  readonly changed: { readonly by: string; readonly at: Moment } | null;
  readonly own: FormLevel;
  /** null for a client. */
  readonly clients: FormLevel | null;
  readonly methods: readonly { readonly name: string; readonly title: string }[];
  /** The floor that the partner demands of this client. */
  readonly floor: { readonly partner: string; readonly lines: string } | null;
  readonly errors: FieldWords;
  /** Somebody else saved first: what they changed, beside what was sent here. */
  readonly conflict: { readonly by: string; readonly changes: readonly ChangeWords[] } | null;
  /** For the one button: the whole setting, switched on or off. */
  readonly toggle: { readonly enable: boolean; readonly fields: readonly Hidden[] } | null;
  /** What methods add to the demands on clients: views that get `values` and `wrong`, by field. */
  readonly floorViews: readonly string[];
  /** What is set for one method each. Its view gets these `locals`. */
  readonly sections: readonly { readonly view: string; readonly locals: object }[];
}

/** `admin/confirm-setting`: whom it would leave without a mechanism that a method's setting is removed or replaced. */
export interface ConfirmSettingLocals extends Page {
  /** POST as `pending`: what is saved in the place of what holds; null: it is removed. */
  readonly pending: string | null;
  readonly action: string;
  readonly cancel: string;
  readonly version: number;
  /** The method's own. */
  readonly words: { readonly heading: string; readonly text: string; readonly left: string };
  readonly changes: readonly ChangeWords[];
  readonly dryRun: DryRun;
  readonly lockout: { readonly error: string | null } | null;
}

export interface Hidden {
  readonly name: string;
  readonly value: string;
}

/** `admin/preview`: what saving would do. */
export interface PreviewLocals extends Page {
  readonly action: string;
  readonly cancel: string;
  readonly fields: readonly Hidden[];
  readonly changes: readonly ChangeWords[];
  readonly dryRun: DryRun;
  /** Saving would lock out the administrator; the box's words say so. */
  readonly lockout: { readonly text: string; readonly error: string | null } | null;
}

/** `admin/clients` */
export interface ClientsLocals extends Page {
  readonly list: ListView;
  readonly rows: readonly {
    readonly name: string;
    readonly id: string;
    readonly href: string;
    readonly state: State;
    readonly from: string;
  }[];
}

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
  /** Why no code is taken now; null: codes are. */
  readonly locked: { readonly text: string; readonly until: Moment | null } | null;
}

/** `admin/users` */
export interface UsersLocals extends Page {
  readonly list: ListView;
  readonly rows: readonly UserRow[];
  readonly filter: {
    /** What is looked for, in the address and in words; empty and null: everybody. */
    readonly state: string;
    readonly words: string | null;
    readonly states: readonly { readonly name: string; readonly label: string }[];
    /** What the box says that stands for all of them. */
    readonly all: string;
    /** How many were looked at so far, on this page and those before. */
    readonly looked: number;
  };
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

/** What became of a user's authenticators, a page of it. */
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
  }[];
  readonly recoveryCodesLeft: number | null;
  readonly activationKey: { readonly until: Moment; readonly past: boolean } | null;
  readonly failures: number;
  readonly lock: {
    readonly locked: boolean;
    readonly retryAt: Moment | null;
    readonly stopped: boolean;
  };
  readonly history: HistoryView;
  /** The administrator's own account: looked after on My Profile. */
  readonly self: boolean;
  /** What is allowed, and makes sense now; each an address or null. */
  readonly can: {
    readonly activate: string | null;
    readonly revokeKey: string | null;
    readonly reset: string | null;
    readonly unlock: string | null;
    readonly enable: string | null;
    readonly disable: string | null;
  };
  /** By the organization, so that there is nothing to switch off for this user. */
  readonly required: boolean;
  /** By whom: `partner`, `client`, `both`, or empty: by default. */
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
    /** The button where nothing is shown before. */
    readonly begin: string;
  }[];
  /** Said where there is none of them. */
  readonly nothing: string;
  readonly keyLifetime: string;
  readonly handoverLifetime: string;
  readonly keyDemanded: boolean;
}

/** `admin/user-key`: what is handed over, shown once; or only the field, when a code was wrong, and where nothing is. */
export interface UserKeyLocals extends Page {
  readonly label: string;
  /** What is handed over, as a view of the method's; null after a wrong code, and where nothing is. */
  readonly shown: { readonly view: string; readonly locals: object } | null;
  /** Whether the method shows something to hand over, now or before. */
  readonly handsOver: boolean;
  /** null: confirmed at the user's first login, until then. */
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

/** `admin/events` */
export interface EventsLocals extends Page {
  readonly action: string;
  readonly types: readonly { readonly name: string; readonly label: string }[];
  readonly filter: {
    readonly type: string;
    readonly user: string;
    readonly from: string;
    readonly to: string;
  };
  readonly rows: readonly {
    readonly at: Moment;
    readonly what: string;
    readonly who: string;
    readonly whom: string;
    readonly method: string;
    readonly from: string;
    readonly detail: string;
    /** Names of the authenticators that it is about. */
    readonly enrollments: readonly string[];
    /** How often the same happened again, and when last. */
    readonly repeats: number;
    readonly lastAt: Moment | null;
  }[];
  readonly next: string | null;
  readonly first: string | null;
}

/** Each view's locals by its name. */
export interface AdminViews {
  'admin/organization': OrganizationLocals;
  'admin/authentication': AuthenticationLocals;
  'admin/confirm-setting': ConfirmSettingLocals;
  'admin/preview': PreviewLocals;
  'admin/clients': ClientsLocals;
  'admin/users': UsersLocals;
  'admin/bulk-confirm': BulkConfirmLocals;
  'admin/bulk-result': BulkResultLocals;
  'admin/user': UserLocals;
  'admin/user-activate': UserActivateLocals;
  'admin/user-key': UserKeyLocals;
  'admin/user-activation-key': UserActivationKeyLocals;
  'admin/user-reset': UserResetLocals;
  'admin/events': EventsLocals;
}
