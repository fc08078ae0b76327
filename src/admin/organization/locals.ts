import type { FieldWords } from '../bodies.js';
import type { Hidden, Link, Moment, Page, State } from '../page.js';
import type { ChangeWords } from './changes.js';
import type { DryRun } from './dry-run-result.js';
import type { FormLevel } from './form-level.js';

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
  /** Set when somebody else saved first: who, and the changes that were sent here. */
  readonly conflict: { readonly by: string; readonly changes: readonly ChangeWords[] } | null;
  /** For the on/off button: the whole setting with the other mode. */
  readonly toggle: { readonly enable: boolean; readonly fields: readonly Hidden[] } | null;
  /** What methods add to the demands on clients: views that get `values` and `wrong`, by field. */
  readonly floorViews: readonly string[];
  /** The sections of single methods, each with the locals of its view. */
  readonly sections: readonly { readonly view: string; readonly locals: object }[];
}

/** `admin/confirm-setting`: whom removing or replacing a method's setting would leave without a mechanism. */
export interface ConfirmSettingLocals extends Page {
  /** Posted as `pending`: the setting to save instead of the present one; null to remove it. */
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
