import type { SettingChange, SettingStore, StoredSetting } from '../contracts.js';

type Changed =
  | {
      readonly kind: 'saved';
      readonly setting: StoredSetting | null;
      readonly version: number;
    }
  | { readonly kind: 'conflict'; readonly current: StoredSetting | null };

/** One change of a setting, as every store must make it. `version` is that of the last change, also of a removal. */
export function changeSetting(
  current: StoredSetting | null,
  version: number,
  { value, changedBy, expectedVersion }: SettingChange,
  now: number,
): Changed {
  if (expectedVersion !== null && expectedVersion !== (current?.version ?? 0)) {
    return { kind: 'conflict', current };
  }
  const next = version + 1;
  const setting =
    value === null
      ? null
      : Object.freeze({
          version: next,
          value: deepFreeze(structuredClone(value)),
          changedBy,
          changedAt: now,
        });
  return { kind: 'saved', setting, version: next };
}

export function memorySettings({
  now,
  announce,
}: {
  now: () => number;
  announce: () => void;
}): Pick<SettingStore, 'readSetting' | 'writeSetting'> {
  const settings = new Map<string, { setting: StoredSetting | null; version: number }>();

  return {
    readSetting: (organizationId) => settings.get(organizationId)?.setting ?? null,

    async writeSetting(organizationId, change) {
      const { setting, version } = settings.get(organizationId) ?? { setting: null, version: 0 };
      const result = changeSetting(setting, version, change, now());
      if (result.kind === 'conflict') return result;
      settings.set(organizationId, { setting: result.setting, version: result.version });
      announce();
      return { kind: 'saved', version: result.version };
    },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
