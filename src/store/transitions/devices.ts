import type { DeviceUse, RememberedDevice } from '../../contracts.js';
import { type Outcome, type Transition, unchanged } from '../record-store.js';
import type { StoredDevice, StoredDevices } from '../records.js';
import { DURABLE } from './subject.js';

type DevicesTransition<T> = Transition<StoredDevices, T>;

export const putDevice =
  ({
    lifetimeMs,
    ...device
  }: Pick<RememberedDevice, 'id' | 'tenantId' | 'label' | 'method' | 'epoch'> & {
    readonly token: string;
    readonly lifetimeMs: number;
  }): DevicesTransition<void> =>
  (present, now) => {
    const made: StoredDevice = Object.freeze({
      ...device,
      before: null,
      rotatedAt: now,
      createdAt: now,
      lastUsedAt: now,
      endsAt: now + lifetimeMs,
    });
    const others = inTime(present, now).filter(({ id }) => id !== device.id);
    return { ...keeping([...others, made], undefined), durable: true };
  };

export const useDevice =
  ({
    id,
    token,
    next,
    graceMs,
  }: {
    readonly id: string;
    readonly token: string;
    readonly next: string;
    readonly graceMs: number;
  }): DevicesTransition<DeviceUse> =>
  (present, now) => {
    const devices = inTime(present, now);
    const device = devices.find((one) => one.id === id);
    if (!device) return unchanged(present, { kind: 'unknown' });
    if (token === device.token) {
      const rotated: StoredDevice = Object.freeze({
        ...device,
        token: next,
        before: token,
        rotatedAt: now,
        lastUsedAt: now,
      });
      return keeping(
        devices.map((one) => (one === device ? rotated : one)),
        { kind: 'rotated', device: viewOfDevice(rotated) },
      );
    }
    const sinceRotation = now - device.rotatedAt;
    if (token === device.before && sinceRotation >= 0 && sinceRotation < graceMs) {
      return unchanged(present, { kind: 'just-rotated', device: viewOfDevice(device) });
    }
    const others = devices.filter((one) => one !== device);
    return { ...keeping(others, { kind: 'stolen' }), durable: true };
  };

export const removeDevice =
  (id: string): DevicesTransition<boolean> =>
  (present, now) => {
    const devices = inTime(present, now);
    const others = devices.filter((one) => one.id !== id);
    if (others.length === devices.length) return unchanged(present, false, DURABLE);
    return { ...keeping(others, true), durable: true };
  };

/** The devices that have not ended, newest first. */
export const readDevices: DevicesTransition<readonly RememberedDevice[]> = (present, now) =>
  unchanged(
    present,
    inTime(present, now)
      .map(viewOfDevice)
      .toSorted((one, other) => other.createdAt - one.createdAt),
  );

function inTime(present: StoredDevices | null, now: number): readonly StoredDevice[] {
  return present?.devices.filter(({ endsAt }) => now < endsAt) ?? [];
}

function keeping<T>(devices: readonly StoredDevice[], result: T): Outcome<StoredDevices, T> {
  const keptUntil = Math.max(0, ...devices.map(({ endsAt }) => endsAt));
  return { next: Object.freeze({ devices: Object.freeze(devices) }), result, keptUntil };
}

function viewOfDevice({ token, before, rotatedAt, ...device }: StoredDevice): RememberedDevice {
  return Object.freeze(device);
}
