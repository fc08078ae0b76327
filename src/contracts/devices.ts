import type { MethodName } from './subject.js';

/** The method of a factor that a remembered device stands for. */
export const REMEMBERED_DEVICE = 'remembered-device';

/** A device on which a person need not prove a method again for a while. */
export interface RememberedDevice {
  readonly id: string;
  /** The organization in whose name the method was proven; it counts only there. */
  readonly tenantId: string;
  /** The browser's name for itself; at most 80 characters. */
  readonly label: string;
  /** The method that was proven when it was remembered. */
  readonly method: MethodName;
  /** The subject's epoch at that time: it is void once the epoch has risen. */
  readonly epoch: number;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly endsAt: number;
}

export type DeviceUse =
  /** The token was right, and `next` has replaced it. */
  | { readonly kind: 'rotated'; readonly device: RememberedDevice }
  /** The previous token, moments after its rotation: another tab of the same browser. Nothing is rotated. */
  | { readonly kind: 'just-rotated'; readonly device: RememberedDevice }
  /** A token from earlier: somebody has a copy. The device is forgotten. */
  | { readonly kind: 'stolen' }
  | { readonly kind: 'unknown' };

/** Remembered devices. Tokens are digests; each use replaces the token. */
export interface DeviceStore {
  putDevice(
    subjectId: string,
    device: Pick<RememberedDevice, 'id' | 'tenantId' | 'label' | 'method' | 'epoch'> & {
      readonly token: string;
      readonly lifetimeMs: number;
    },
  ): Promise<void>;
  /** `graceMs`: how long after a rotation the previous token is accepted. */
  useDevice(
    subjectId: string,
    use: {
      readonly id: string;
      readonly token: string;
      readonly next: string;
      readonly graceMs: number;
    },
  ): Promise<DeviceUse>;
  /** The devices that have not ended, newest first. */
  readDevices(subjectId: string): Promise<readonly RememberedDevice[]>;
  /** True when there was one. */
  removeDevice(subjectId: string, id: string): Promise<boolean>;
}
