import type {
  SecondFactorStore,
  SettingChange,
  SettingWrite,
  StoredSetting,
} from '../contracts.js';
import { type Fields, fieldsOf } from './redis-fields.js';
import type { RedisRecords } from './redis-records.js';
import { WRITE_SETTING } from './redis-setting-scripts.js';

/**
 * A setting in a hash, an organization's own or a subject's: `v` the version, which outlives a removal, `vt`
 * when it was changed, and `v0`, `v1`, … JSON of [changedBy, value] in pieces that keep the hash compact.
 */
export function decodeSetting(fields: Fields): StoredSetting | null {
  const changedAt = fields.get('vt');
  if (!changedAt) return null;
  const [changedBy, value] = JSON.parse(settingJson(fields)) as [string, StoredSetting['value']];
  return deepFreeze({
    version: Number(fields.get('v')),
    value,
    changedBy,
    changedAt: Number(changedAt),
  });
}

/** The pieces put together: JSON of [changedBy, value]. */
export function settingJson(fields: Fields): string {
  const pieces: Buffer[] = [];
  for (let piece = fields.get('v0'); piece; piece = fields.get(`v${pieces.length}`)) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

export function settingRecord(reply: readonly Buffer[]): StoredSetting | null {
  return decodeSetting(fieldsOf(reply));
}

/** Writes the setting of whatever has a hash. */
export function writeSetting(
  save: RedisRecords<unknown>['save'],
  key: string,
  { value, changedBy, expectedVersion }: SettingChange,
): Promise<SettingWrite> {
  const json = value === null ? '' : JSON.stringify([changedBy, value]);
  return save(key, WRITE_SETTING, [expectedVersion ?? '', json], (reply): SettingWrite => {
    const [kind, detail] = reply as [Buffer, unknown];
    return String(kind) === 'saved'
      ? { kind: 'saved', version: Number(detail) }
      : { kind: 'conflict', current: settingRecord(detail as Buffer[]) };
  });
}

export function redisSettings(
  { read, save }: RedisRecords<StoredSetting | null>,
  keyOf: (organizationId: string) => string,
): Pick<SecondFactorStore, 'readSetting' | 'writeSetting'> {
  return {
    readSetting: (organizationId) => read(keyOf(organizationId)),
    writeSetting: (organizationId, change) => writeSetting(save, keyOf(organizationId), change),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
