import type { SettingChange, SettingWrite, StoredSetting } from '../../contracts.js';
import { deepFreeze } from '../deep-freeze.js';
import { type Transition, unchanged } from '../record-store.js';
import { blankOrganization, blankSubject, type StoredOrganization } from '../records.js';
import { changed, DURABLE, type SubjectTransition } from './subject.js';

/** A setting as it is kept: `settingVersion` is that of the last change, also of a removal. */
interface Kept {
  readonly setting: StoredSetting | null;
  readonly settingVersion: number;
}

/** One change of a setting. Null when it was made from another version than the present one. */
function change(
  { setting, settingVersion }: Kept,
  { value, changedBy, expectedVersion }: SettingChange,
  now: number,
): Kept | null {
  if (expectedVersion !== null && expectedVersion !== (setting?.version ?? 0)) return null;
  const version = settingVersion + 1;
  return {
    settingVersion: version,
    setting:
      value === null
        ? null
        : Object.freeze({
            version,
            value: deepFreeze(structuredClone({ ...value })),
            changedBy,
            changedAt: now,
          }),
  };
}

/**
 * Changes an organization's setting. A change without an expected version also replaces a lost setting, with
 * a version above any that it can have had.
 */
export const writeSetting =
  (wanted: SettingChange): Transition<StoredOrganization, SettingWrite> =>
  (present, now, lost) => {
    const kept = present ?? { ...blankOrganization, settingVersion: lost ?? 0 };
    const next = change(kept, wanted, now);
    if (!next) return unchanged(present, { kind: 'conflict', current: kept.setting }, DURABLE);
    const version = next.settingVersion;
    return { next: Object.freeze(next), result: { kind: 'saved', version }, durable: true };
  };

export const writeUserSetting =
  (wanted: SettingChange): SubjectTransition<SettingWrite> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    const next = change(subject, wanted, now);
    if (!next) return unchanged(present, { kind: 'conflict', current: subject.setting }, DURABLE);
    return changed(subject, next, { kind: 'saved', version: next.settingVersion }, DURABLE);
  };
