import type { Awaitable } from './subject.js';

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
  readonly value: Readonly<Record<string, unknown>> | null;
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
