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
  /** null removes the setting; its version goes on rising. */
  readonly value: object | null;
  readonly changedBy: string;
  /** The version the change was made from, 0 for none; null overwrites whatever there is. */
  readonly expectedVersion: number | null;
}

export type SettingWrite =
  | { readonly kind: 'saved'; readonly version: number }
  /** Somebody else was faster; nothing was written. */
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

/** One organization, as far as a policy is made of it. */
export interface Organization {
  readonly id: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client; null for a partner, and for a client without one. */
  readonly partnerId: string | null;
}

/**
 * What one level says. `null` always means "says nothing about it": the level above decides, and at the top the
 * default. Dates are ISO 8601 in UTC.
 */
export interface LevelSetting {
  readonly mode: Policy['mode'] | null;
  readonly methods: readonly MethodName[] | null;
  readonly enrollment: Policy['enrollment'] | null;
  readonly graceUntil: string | null;
  readonly maxAgeSeconds: number | null;
  /** For how long people may have a device remembered. Nothing means not at all; in a floor, no limit. */
  readonly rememberDays: number | null;
  /** Which proofs of a sign-in elsewhere count as a second factor. Nothing means none; in a floor, no limit. */
  readonly proofs?: readonly ProofRule[] | null | undefined;
  /** Methods alone that nobody can phish (`Method.phishingResistant`), backups included. */
  readonly phishingResistant?: true | null | undefined;
}

/** What administrators set for an organization, as it is stored. */
export interface BaseSetting extends LevelSetting {
  /** Partners only. */
  readonly clientsMust: Floor | null;
}

/** With what the methods keep in it, each under its name. */
export interface OrganizationSetting extends BaseSetting {}

/** What a partner demands of its clients' users; clients cannot lower it. Methods add fields of their own. */
export interface Floor extends LevelSetting {
  readonly mode: Policy['mode'];
  readonly enrollment: Policy['enrollment'];
}

/** What an administrator set for one user: switched on. What the organization requires holds for everybody anyway. */
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
