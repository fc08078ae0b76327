import type { DeviceStore, RememberedDevice } from '../contracts.js';

interface StoredDevice extends RememberedDevice {
  readonly token: string;
  readonly before: string | null;
  readonly rotatedAt: number;
}

/** Remembered devices in memory: what each operation means for every store. */
export function memoryDevices({ now }: { now: () => number }): DeviceStore {
  const all = new Map<string, Map<string, StoredDevice>>();

  function devicesOf(subjectId: string): Map<string, StoredDevice> {
    const devices = all.get(subjectId) ?? new Map<string, StoredDevice>();
    for (const [id, { endsAt }] of devices) if (now() >= endsAt) devices.delete(id);
    all.set(subjectId, devices);
    return devices;
  }

  return {
    async putDevice(subjectId, { lifetimeMs, ...device }) {
      const at = now();
      devicesOf(subjectId).set(device.id, {
        ...device,
        before: null,
        rotatedAt: at,
        createdAt: at,
        lastUsedAt: at,
        endsAt: at + lifetimeMs,
      });
    },

    async useDevice(subjectId, { id, token, next, graceMs }) {
      const devices = devicesOf(subjectId);
      const device = devices.get(id);
      if (!device) return { kind: 'unknown' };
      const at = now();
      if (token === device.token) {
        const rotated = { ...device, token: next, before: token, rotatedAt: at, lastUsedAt: at };
        devices.set(id, rotated);
        return { kind: 'rotated', device: publicView(rotated) };
      }
      if (token === device.before && at - device.rotatedAt < graceMs) {
        return { kind: 'just-rotated', device: publicView(device) };
      }
      devices.delete(id);
      return { kind: 'stolen' };
    },

    async readDevices(subjectId) {
      return [...devicesOf(subjectId).values()]
        .map(publicView)
        .toSorted((one, other) => other.createdAt - one.createdAt);
    },

    async removeDevice(subjectId, id) {
      return devicesOf(subjectId).delete(id);
    },
  };
}

function publicView({ token, before, rotatedAt, ...device }: StoredDevice): RememberedDevice {
  return Object.freeze(device);
}
