import { createHash, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import {
  type Keyring,
  type MethodName,
  type Policy,
  REMEMBERED_DEVICE,
  type RememberedDevice,
  type SecondFactorStore,
  type SessionDigest,
  type Subject,
  type SubjectRecord,
} from '../contracts.js';
import { isYounger } from './age.js';
import { deviceCookie } from './device-cookie.js';
import type { Elevate } from './elevate.js';
import type { WhoseSession } from './login.js';

/** How long a previous token is accepted: two tabs of one browser send the same one. */
const ROTATION_GRACE_MS = 30_000;

export type DeviceOutcome = 'recognized' | 'stolen' | 'not-recognized';

export interface DeviceSituation {
  readonly session: SessionDigest;
  readonly subject: Subject;
  readonly facts: { readonly policy: Policy; readonly record: SubjectRecord; readonly now: number };
}

export interface RememberedDevices {
  /** Recognizes a remembered device; then the session is elevated under a new id. */
  recognize(req: Request, res: Response, situation: DeviceSituation): Promise<DeviceOutcome>;
  /** Remembers the device after a proof, if the policy allows it. False when nothing was remembered. */
  remember(
    req: Request,
    res: Response,
    situation: DeviceSituation,
    proof: { readonly method: MethodName; readonly epoch: number },
  ): Promise<boolean>;
}

/**
 * Remembered devices: an entry in a sealed cookie, whose token changes with every use, and a record in the store,
 * bound to the subject, the organization, the epoch and the present policy. A token that comes a second time shows a
 * copy, and ends the record.
 */
export function rememberedDevices({
  store,
  keyring,
  elevate,
  renew,
  origin,
  path,
}: {
  readonly store: Pick<
    SecondFactorStore,
    'putDevice' | 'useDevice' | 'removeDevice' | 'raiseEpoch' | 'now'
  >;
  readonly keyring: Keyring;
  readonly elevate: Elevate;
  readonly renew: (req: Request, whose: WhoseSession) => Promise<void>;
  readonly origin: string;
  /** The path of the door's pages. */
  readonly path?: string;
}): RememberedDevices {
  const cookie = deviceCookie({ keyring, origin, path, now: () => store.now() });

  return {
    async recognize(req, res, { session, subject, facts }) {
      const given = facts.policy.rememberDeviceSeconds === null ? null : cookie.read(req, subject);
      if (!given) return 'not-recognized';
      const next = newToken();
      const use = await store.useDevice(subject.id, {
        id: given.id,
        token: digest(given.token),
        next: digest(next),
        graceMs: ROTATION_GRACE_MS,
      });
      if (use.kind === 'unknown' || use.kind === 'stolen') {
        cookie.write(req, res, subject, null);
        // Either of the two may be the thief and be inside by now, so the proofs by this device are void.
        if (use.kind === 'unknown') return 'not-recognized';
        // This session has proven nothing, so it may continue to the code, but not past a reset at this moment.
        const raised = await store.raiseEpoch(subject.id, facts.record.epoch, session);
        if (raised) await renew(req, { subjectId: subject.id, epoch: raised.epoch });
        else await store.raiseEpoch(subject.id);
        return 'stolen';
      }
      const { device } = use;
      const endsAt = endOf(device, facts.policy);
      const now = store.now();
      if (
        device.epoch !== facts.record.epoch ||
        device.tenantId !== subject.tenantId ||
        now >= endsAt ||
        !isYounger(device.createdAt, Number.POSITIVE_INFINITY, now) ||
        !facts.policy.methods.includes(device.method)
      ) {
        await store.removeDevice(subject.id, device.id);
        cookie.write(req, res, subject, null);
        return 'not-recognized';
      }
      // Set even when the rest fails: the old token would come again and count as stolen.
      if (use.kind === 'rotated') {
        cookie.write(req, res, subject, { id: given.id, token: next, endsAt });
      }
      await elevate(req, {
        subject,
        epoch: facts.record.epoch,
        factor: {
          ...{ method: REMEMBERED_DEVICE, enrollmentId: device.id, at: now },
          via: device.method,
          tenantId: device.tenantId,
        },
      });
      return 'recognized';
    },

    async remember(req, res, { subject, facts }, { method, epoch }) {
      const seconds = facts.policy.rememberDeviceSeconds;
      if (seconds === null) return false;
      const lifetimeMs = seconds * 1000;
      const id = randomBytes(9).toString('base64url');
      const token = newToken();
      const label = (req.get('user-agent') ?? 'unknown').replace(/[^\x20-\x7e]/g, '').slice(0, 80);
      const { tenantId } = subject;
      await store.putDevice(subject.id, {
        id,
        tenantId,
        token: digest(token),
        label,
        method,
        epoch,
        lifetimeMs,
      });
      cookie.write(req, res, subject, { id, token, endsAt: store.now() + lifetimeMs });
      return true;
    },
  };
}

/** The present policy counts, even for a device that was remembered when it allowed more. */
function endOf({ createdAt, endsAt }: RememberedDevice, policy: Policy): number {
  return Math.min(endsAt, createdAt + (policy.rememberDeviceSeconds ?? 0) * 1000);
}

function newToken(): string {
  return randomBytes(16).toString('base64url');
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
