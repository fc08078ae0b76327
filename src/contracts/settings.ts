import type { Sentence } from './messages.js';
import type { Policy } from './policy.js';
import type { ProofRule } from './sign-in.js';
import type { Awaitable, MethodName } from './subject.js';

/** A JSON value that the store keeps as it is given, with who changed it last. The policy knows its shape. */
export interface StoredSetting {
  /** 1 for the first one saved; rises with each change. */
  readonly version: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly changedBy: string;
  readonly changedAt: number;
}

export interface SettingChange {
  /** null removes the setting; its version keeps rising. */
  readonly value: object | null;
  readonly changedBy: string;
  /** The version the change was made from, 0 for none; null overwrites any version. */
  readonly expectedVersion: number | null;
}

export type SettingWrite =
  | { readonly kind: 'saved'; readonly version: number }
  /** Another change came first; nothing was written. */
  | { readonly kind: 'conflict'; readonly current: StoredSetting | null };

/**
 * What administrators set, per organization and per user. Reads are tracked like those of subjects; a user's
 * setting comes with `SubjectRecord`. Changing an organization's setting touches no user's record.
 */
export interface SettingStore {
  readSetting(organizationId: string): Awaitable<StoredSetting | null>;
  writeSetting(organizationId: string, change: SettingChange): Promise<SettingWrite>;
  writeUserSetting(subjectId: string, change: SettingChange): Promise<SettingWrite>;
}

/** The parts of an organization that policies use. */
export interface Organization {
  readonly id: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client; null for a partner, and for a client without one. */
  readonly partnerId: string | null;
}

/**
 * What one level sets. `null` always means "not set": the level above decides, and at the top the default. Dates are
 * ISO 8601 in UTC.
 */
export interface LevelSetting {
  readonly mode: Policy['mode'] | null;
  readonly methods: readonly MethodName[] | null;
  readonly enrollment: Policy['enrollment'] | null;
  readonly graceUntil: string | null;
  readonly maxAgeSeconds: number | null;
  /** How long people may have a device remembered. Not set means not at all; in a floor, no limit. */
  readonly rememberDays: number | null;
  /** Which proofs of a sign-in elsewhere count as a second factor. Not set means none; in a floor, no limit. */
  readonly proofs?: readonly ProofRule[] | null | undefined;
  /** Accepts only phishing-resistant methods (`Method.phishingResistant`), also among backups. */
  readonly phishingResistant?: true | null | undefined;
}

/** What administrators set for an organization, as it is stored. */
export interface BaseSetting extends LevelSetting {
  /** Partners only. */
  readonly clientsMust: Floor | null;
}

/** The same with the methods' own settings, each under the method's name. */
export interface OrganizationSetting extends BaseSetting {}

/** What a partner demands of its clients' users; clients cannot lower it. Methods add fields of their own. */
export interface Floor extends LevelSetting {
  readonly mode: Policy['mode'];
  readonly enrollment: Policy['enrollment'];
}

/** What an administrator set for one user: two-factor is required, whatever the organization requires of all. */
export interface UserSetting {
  readonly mode: 'required';
  readonly graceUntil: string | null;
}

/** One field of a setting, before and after, in words. */
export interface Change {
  /** As in the stored setting, e.g. `clientsMust.methods`. */
  readonly field: string;
  readonly label: Sentence;
  readonly from: Sentence;
  readonly to: Sentence;
}
