import type { OrganizationSetting, StoredSetting } from '../../contracts.js';
import { isLostRecord } from '../../lost.js';
import type { SettingReader } from '../../policy/settings.js';
import type { AdminContext } from '../context.js';

/** What is stored for an organization; without anything stored, version 0 of the empty setting. */
export interface Current {
  readonly value: OrganizationSetting;
  readonly version: number;
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
  /** The record is damaged, gone or an older one: what it said is not known, and what is saved begins it anew. */
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
  id: string,
): Promise<Current> {
  try {
    return currentSetting(settings, await store.readSetting(id), id);
  } catch (error) {
    if (!isLostRecord(error)) throw error;
    return { ...currentSetting(settings, null, id), lost: true };
  }
}
