import type { StoredSetting } from '../../contracts.js';
import { deepFreeze } from '../deep-freeze.js';
import { list, number, type Part, packText, unpackText } from './cbor.js';

/** The value as JSON, the other fields beside it. */
export function packSetting(setting: StoredSetting | null): Part {
  if (!setting) return null;
  const { version, value, changedBy, changedAt } = setting;
  return [version, JSON.stringify(value), packText(changedBy), changedAt];
}

export function unpackSetting(part: unknown): StoredSetting {
  const [version, json, changedBy, changedAt] = list(part, 4);
  return Object.freeze({
    version: number(version),
    value: deepFreeze(JSON.parse(unpackText(json))),
    changedBy: unpackText(changedBy),
    changedAt: number(changedAt),
  });
}
