import { z } from 'zod';

/** Which keys an organization takes. */
export interface SecurityKeySetting {
  /** A key tells its person from others each time: by a PIN, a finger, a face. */
  readonly userVerification: boolean;
  /** None that is synced to other devices. */
  readonly deviceBound: boolean;
  /** By AAGUID; null: any. */
  readonly models: readonly string[] | null;
}

export const ANY: SecurityKeySetting = {
  userVerification: false,
  deviceBound: false,
  models: null,
};

export const MOST_MODELS = 50;
export const AAGUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const models = z.array(z.string().regex(AAGUID)).max(MOST_MODELS);

/** As they are typed: one a line, or between commas. */
export function modelsIn(typed: string): readonly string[] {
  const found = typed
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((one) => one !== '');
  return [...new Set(found)];
}

/** What two levels come to: a key must be right for both. */
export function stricter(one: SecurityKeySetting, other: SecurityKeySetting): SecurityKeySetting {
  return {
    userVerification: one.userVerification || other.userVerification,
    deviceBound: one.deviceBound || other.deviceBound,
    models:
      one.models && other.models
        ? one.models.filter((model) => other.models?.includes(model))
        : (one.models ?? other.models),
  };
}
