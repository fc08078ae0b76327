import type { AssuranceRecord, Factor } from '../../contracts.js';
import type {
  StoredDevice,
  StoredDevices,
  StoredOrganization,
  StoredTransaction,
} from '../records.js';
import {
  bytes,
  flag,
  list,
  lists,
  maybe,
  number,
  type Part,
  packText,
  unpackText,
} from './cbor.js';
import { packSetting, unpackSetting } from './setting.js';

export function packOrganization({ setting, settingVersion }: StoredOrganization): readonly Part[] {
  return [settingVersion, packSetting(setting)];
}

export function unpackOrganization([version, setting]: readonly unknown[]): StoredOrganization {
  return Object.freeze({
    setting: maybe(setting, unpackSetting),
    settingVersion: number(version),
  });
}

// Append only: the index is stored. The last one is a session that ended because it was renewed under another
// id.
const STATES = ['pending', 'proven', 'ended', 'ended'] as const;
const RENEWED = 3;

export function packSession(session: AssuranceRecord): readonly Part[] {
  const { state, subjectId, epoch, login, factors, expiresAt, renewed } = session;
  return [
    renewed ? RENEWED : STATES.indexOf(state),
    packText(subjectId),
    epoch,
    packText(login),
    factors.map(packFactor),
    expiresAt,
  ];
}

export function unpackSession(parts: readonly unknown[]): AssuranceRecord {
  const [code, subjectId, epoch, login, factors, expiresAt] = parts;
  const state = STATES[number(code)];
  if (!state) throw new Error('a session is in an unknown state');
  return Object.freeze({
    state,
    subjectId: unpackText(subjectId),
    epoch: number(epoch),
    login: unpackText(login),
    factors: Object.freeze(lists(factors).map(unpackFactor)),
    expiresAt: number(expiresAt),
    ...(code === RENEWED && { renewed: true }),
  });
}

function packFactor({ method, enrollmentId, at, via, tenantId, loginOnly }: Factor): Part {
  return [
    packText(method),
    packText(enrollmentId),
    at,
    via === undefined ? null : packText(via),
    tenantId === undefined ? null : packText(tenantId),
    loginOnly ?? null,
  ];
}

function unpackFactor(part: unknown): Factor {
  const [method, enrollmentId, at, via, tenantId, loginOnly] = list(part, 6);
  return Object.freeze({
    method: unpackText(method),
    enrollmentId: unpackText(enrollmentId),
    at: number(at),
    ...(via !== null && { via: unpackText(via) }),
    ...(tenantId !== null && { tenantId: unpackText(tenantId) }),
    ...(loginOnly !== null && { loginOnly: flag(loginOnly) }),
  });
}

export function packDevices({ devices }: StoredDevices): readonly Part[] {
  return [devices.map(packDevice)];
}

export function unpackDevices([devices]: readonly unknown[]): StoredDevices {
  return Object.freeze({ devices: Object.freeze(lists(devices).map(unpackDevice)) });
}

function packDevice(device: StoredDevice): Part {
  const { id, tenantId, label, method, epoch, createdAt, lastUsedAt, endsAt } = device;
  const { token, before, rotatedAt } = device;
  return [
    packText(id),
    packText(tenantId),
    packText(label),
    packText(method),
    epoch,
    createdAt,
    lastUsedAt,
    endsAt,
    packText(token),
    before === null ? null : packText(before),
    rotatedAt,
  ];
}

function unpackDevice(part: unknown): StoredDevice {
  const [id, tenantId, label, method, epoch, ...rest] = list(part, 11);
  const [created, used, ends, token, before, rotated] = rest;
  return Object.freeze({
    id: unpackText(id),
    tenantId: unpackText(tenantId),
    label: unpackText(label),
    method: unpackText(method),
    epoch: number(epoch),
    createdAt: number(created),
    lastUsedAt: number(used),
    endsAt: number(ends),
    token: unpackText(token),
    before: maybe(before, unpackText),
    rotatedAt: number(rotated),
  });
}

export function packTransaction({ value, endsAt }: StoredTransaction): readonly Part[] {
  return [endsAt, value];
}

export function unpackTransaction([endsAt, value]: readonly unknown[]): StoredTransaction {
  return Object.freeze({ endsAt: number(endsAt), value: bytes(value) });
}
