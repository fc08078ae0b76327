import type { Change, OrganizationSetting, SettingWrite, StoredSetting } from '../../contracts.js';
import { isLostRecord } from '../../lost.js';
import { message } from '../../messages/english.js';
import { changesInOne } from '../../policy/change-words.js';
import type { SettingReader } from '../../policy/settings.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';

const REPLACED_RECORD: Change = {
  field: 'record',
  label: message('admin.setting.record'),
  from: message('admin.setting.record-lost'),
  to: message('admin.setting.record-anew'),
};

/** What is stored for an organization; without anything stored, version 0 of the empty setting. */
export interface Current {
  readonly value: OrganizationSetting;
  readonly version: number;
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
  /** The record is damaged, gone or outdated: its setting is not known, and saving replaces it. */
  readonly lost: boolean;
}

export function currentSetting(
  settings: SettingReader,
  stored: StoredSetting | null,
  id: string,
): Current {
  const stamped = settings.organization(stored, id);
  return {
    value: stamped?.value ?? settings.none,
    version: stamped?.version ?? 0,
    changedBy: stamped?.changedBy ?? null,
    changedAt: stamped?.changedAt ?? null,
    lost: false,
  };
}

/** What is stored now, for the pages on which it is changed. */
export async function readCurrent(
  { store, settings }: Pick<AdminContext, 'store' | 'settings'>,
  { organization: { id } }: Pick<OrganizationVisit, 'organization'>,
): Promise<Current> {
  try {
    return currentSetting(settings, await store.readSetting(id), id);
  } catch (error) {
    if (!isLostRecord(error)) throw error;
    return { ...currentSetting(settings, null, id), lost: true };
  }
}

/** What saving this setting changes. */
export function changesTo(
  { changesBetween }: Pick<AdminContext, 'changesBetween'>,
  current: Current,
  setting: OrganizationSetting,
): readonly Change[] {
  return [...(current.lost ? [REPLACED_RECORD] : []), ...changesBetween(current.value, setting)];
}

/** Saves the setting if the stored one is still the same, and audits the changes. */
export async function writeSetting(
  { store, audit }: Pick<AdminContext, 'store' | 'audit'>,
  { req, admin, organization }: Pick<OrganizationVisit, 'req' | 'admin' | 'organization'>,
  current: Current,
  value: OrganizationSetting,
  changes: readonly Change[],
): Promise<SettingWrite> {
  const written = await store.writeSetting(organization.id, {
    value,
    changedBy: admin.label,
    expectedVersion: current.lost ? null : current.version,
  });
  if (written.kind === 'conflict') return written;
  audit.record('setting.changed', {
    organizationId: organization.id,
    actorId: admin.id,
    from: req,
    detail: changesInOne(changes),
  });
  return written;
}
