import { LRUCache } from 'lru-cache';
import {
  type AssuranceRecord,
  type Authenticator,
  type Digest,
  type Enrollment,
  emptySubject,
  type PendingEnrollment,
  type Sealed,
  type SecondFactorStore,
  type SessionDigest,
  type StoredSetting,
  type SubjectRecord,
} from '../contracts.js';
import { memoryDevices } from './memory-devices.js';
import { memoryEvents } from './memory-events.js';
import { changeSetting, memorySettings } from './memory-settings.js';

/** How long the record of a session between the doors outlives its own end. */
const PENDING_KEPT_MS = 24 * 60 * 60 * 1000;

/** 100 000 entries. Given as a size, since for a `max` the cache sets all of its memory aside at once. */
const AT_MOST = { maxSize: 100_000, sizeCalculation: () => 1 };

interface StoredEnrollment extends Authenticator {
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

interface StoredSubject {
  epoch: number;
  failures: number;
  retryAt: number;
  pending: PendingEnrollment | null;
  activationKey: { readonly digest: Digest; readonly endsAt: number } | null;
  recoveryCodes: readonly Digest[] | null;
  setting: StoredSetting | null;
  /** Goes on rising when the setting is removed. */
  settingVersion: number;
  readonly enrollments: Map<string, StoredEnrollment>;
  /** What `readSubject` answers; made anew after each change, so that a warm gate allocates nothing. */
  view: SubjectRecord;
}

export interface MemoryStoreOptions {
  /** Milliseconds since 1970; for tests. Default: the process's clock. */
  readonly now?: () => number;
}

/**
 * A store for development, tests and single-process demos: everything is gone when the process ends, and no
 * second process sees it. Operations are atomic because each runs to its end within one turn.
 */
export function memoryStore({ now = Date.now }: MemoryStoreOptions = {}): SecondFactorStore {
  const subjects = new Map<string, StoredSubject>();
  // Records carry their own end; the ttl only frees memory, and so may come from the real clock.
  const sessions = new LRUCache<string, AssuranceRecord>(AT_MOST);
  const transactions = new LRUCache<string, { value: Sealed; endsAt: number }>(AT_MOST);
  const listeners = new Set<() => void>();

  function announce(): void {
    for (const listener of listeners) listener();
  }

  function remember(session: string, record: AssuranceRecord, lifetimeMs: number): void {
    sessions.set(session, Object.freeze(record), { ttl: Math.max(1, lifetimeMs) });
    announce();
  }

  function subjectOf(id: string): StoredSubject {
    let subject = subjects.get(id);
    if (!subject) {
      subject = newSubject();
      subjects.set(id, subject);
    }
    return subject;
  }

  function changed(subject: StoredSubject): void {
    subject.view = Object.freeze({
      epoch: subject.epoch,
      enrollments: Object.freeze([...subject.enrollments.values()].map(publicView)),
      setting: subject.setting,
      activationKeyEndsAt: subject.activationKey?.endsAt ?? null,
      recoveryCodesLeft: subject.recoveryCodes?.length ?? null,
      failures: subject.failures,
    });
    announce();
  }

  function accepted(subject: StoredSubject): void {
    subject.failures = 0;
    subject.retryAt = 0;
    changed(subject);
  }

  /** What was begun with an activation key goes with it. */
  function voidKey(subject: StoredSubject): void {
    subject.activationKey = null;
    if (subject.pending?.basis === 'activation-key') subject.pending = null;
  }

  function clear(subject: StoredSubject): void {
    subject.enrollments.clear();
    subject.pending = null;
    subject.activationKey = null;
    subject.recoveryCodes = null;
    subject.epoch += 1;
    accepted(subject);
  }

  return {
    name: 'memory',
    stalenessMs: 0,
    now,
    async ready() {},
    async close() {},
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    ...memorySettings({ now, announce }),
    ...memoryEvents(),
    ...memoryDevices({ now }),

    readSubject: (subjectId) => subjects.get(subjectId)?.view ?? emptySubject,
    readAssurance: (session) => sessions.get(session) ?? null,

    async openPending(session, { subjectId, epoch, lifetimeMs }) {
      const present = sessions.get(session);
      const isVoid =
        present?.state === 'proven' && (present.subjectId !== subjectId || present.epoch < epoch);
      if (present && !isVoid) return present;
      const opened: AssuranceRecord = {
        state: 'pending',
        subjectId,
        epoch: 0,
        factors: [],
        expiresAt: now() + lifetimeMs,
      };
      // Kept long after its end: were it forgotten, the next request would begin it anew.
      remember(session, opened, lifetimeMs + PENDING_KEPT_MS);
      return opened;
    },

    async prove(session, { subjectId, epoch, factors, lifetimeMs }) {
      if (sessions.get(session)?.state === 'ended') return false;
      const expiresAt = now() + lifetimeMs;
      const proven = Object.freeze(factors.map((factor) => Object.freeze({ ...factor })));
      const record = { state: 'proven', subjectId, epoch, factors: proven, expiresAt } as const;
      remember(session, record, lifetimeMs);
      return true;
    },

    async end(session, keepMs) {
      const present = sessions.get(session);
      if (present?.state === 'ended') return false;
      const { subjectId, epoch } = present ?? { subjectId: '', epoch: 0 };
      const expiresAt = now() + keepMs;
      remember(session, { state: 'ended', subjectId, epoch, factors: [], expiresAt }, keepMs);
      return true;
    },

    async reserveAttempt(subjectId, limits, { method, stoppable }) {
      const subject = subjectOf(subjectId);
      const at = now();
      if (stoppable && subject.failures >= limits.stop) return { kind: 'locked', retryAt: null };
      if (at < subject.retryAt) return { kind: 'locked', retryAt: subject.retryAt };
      subject.failures += 1;
      if (subject.failures >= limits.free) {
        const step = Math.min(subject.failures - limits.free, limits.waits.length - 1);
        subject.retryAt = at + (limits.waits[step] ?? 0);
      }
      changed(subject);
      const { activationKey } = subject;
      return {
        kind: 'reserved',
        at,
        epoch: subject.epoch,
        authenticators: [...subject.enrollments.values()].filter((one) => one.method === method),
        pending: subject.pending,
        activationKey: activationKey && at < activationKey.endsAt ? activationKey.digest : null,
      };
    },

    async commitAttempt(subjectId, { enrollmentId, step }) {
      const subject = subjectOf(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      if (!enrollment) return { kind: 'gone' };
      if (step !== null && step <= enrollment.lastStep) return { kind: 'replayed' };
      const lastStep = step ?? enrollment.lastStep;
      subject.enrollments.set(enrollmentId, { ...enrollment, lastStep, lastUsedAt: now() });
      accepted(subject);
      return { kind: 'committed', epoch: subject.epoch };
    },

    async beginEnrollment(subjectId, { lifetimeMs, ...proposal }, { restart, activationKey }) {
      const subject = subjectOf(subjectId);
      const at = now();
      const present = subject.pending;
      const continues =
        present?.session === proposal.session &&
        present.basis === proposal.basis &&
        at < present.expiresAt;
      if (proposal.basis === 'activation-key' && !continues) {
        const { activationKey: stored } = subject;
        if (!activationKey || !stored || at >= stored.endsAt) return null;
        if (!sameDigest(stored.digest, activationKey)) return null;
        accepted(subject);
      }
      if (present && continues && !restart && present.method === proposal.method) return present;
      subject.pending = Object.freeze({ ...proposal, expiresAt: at + lifetimeMs });
      return subject.pending;
    },

    async resumeEnrollment(subjectId, session: SessionDigest) {
      const { pending } = subjectOf(subjectId);
      if (!pending || now() >= pending.expiresAt) return null;
      return pending.basis === 'handover' || pending.session === session ? pending : null;
    },

    async confirmEnrollment(subjectId, { id, session, step, replaces }) {
      const subject = subjectOf(subjectId);
      const { pending } = subject;
      if (pending?.id !== id) return { kind: 'superseded' };
      const { basis } = pending;
      if (basis !== 'handover' && pending.session !== session) return { kind: 'superseded' };
      if (basis !== 'proven' && subject.enrollments.size > 0) return { kind: 'superseded' };
      if (basis === 'activation-key' && !subject.activationKey) return { kind: 'superseded' };
      // What was proven has been removed meanwhile, and the proof went with it.
      if (basis === 'proven' && subject.enrollments.size === 0) return { kind: 'superseded' };
      const at = now();
      if (at >= pending.expiresAt) return { kind: 'expired' };
      const enrollment: StoredEnrollment = Object.freeze({
        id,
        method: pending.method,
        label: pending.label,
        sealed: pending.sealed,
        parameters: pending.parameters,
        lastStep: step,
        createdAt: at,
        lastUsedAt: at,
      });
      if (replaces !== null && subject.enrollments.delete(replaces)) subject.epoch += 1;
      subject.enrollments.set(id, enrollment);
      subject.pending = null;
      if (basis === 'activation-key') subject.activationKey = null;
      accepted(subject);
      return { kind: 'confirmed', epoch: subject.epoch, enrollment: publicView(enrollment) };
    },

    async reseal(subjectId, enrollmentId, expected, resealed) {
      const subject = subjectOf(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      const present = enrollment ?? subject.pending;
      if (present?.id !== enrollmentId || !sameBytes(present.sealed, expected)) return false;
      const sealed = Uint8Array.from(resealed);
      if (enrollment) subject.enrollments.set(enrollmentId, { ...enrollment, sealed });
      else if (subject.pending) subject.pending = Object.freeze({ ...subject.pending, sealed });
      return true;
    },

    async unenroll(subjectId, enrollmentId, epoch) {
      const subject = subjectOf(subjectId);
      if (subject.epoch !== epoch || !subject.enrollments.delete(enrollmentId)) return null;
      subject.epoch += 1;
      changed(subject);
      return { epoch: subject.epoch };
    },

    async reset(subjectId) {
      const subject = subjectOf(subjectId);
      clear(subject);
      return { epoch: subject.epoch };
    },

    async raiseEpoch(subjectId) {
      const subject = subjectOf(subjectId);
      subject.epoch += 1;
      changed(subject);
      return { epoch: subject.epoch };
    },

    async unlock(subjectId) {
      accepted(subjectOf(subjectId));
    },

    async deleteSubject(subjectId) {
      const subject = subjectOf(subjectId);
      subject.setting = null;
      clear(subject);
    },

    async writeUserSetting(subjectId, change) {
      const subject = subjectOf(subjectId);
      const result = changeSetting(subject.setting, subject.settingVersion, change, now());
      if (result.kind === 'conflict') return result;
      subject.setting = result.setting;
      subject.settingVersion = result.version;
      changed(subject);
      return { kind: 'saved', version: result.version };
    },

    async putActivationKey(subjectId, { digest, lifetimeMs }) {
      const subject = subjectOf(subjectId);
      const endsAt = now() + lifetimeMs;
      voidKey(subject);
      subject.activationKey = { digest, endsAt };
      changed(subject);
      return endsAt;
    },

    async revokeActivationKey(subjectId) {
      const subject = subjectOf(subjectId);
      if (!subject.activationKey) return false;
      voidKey(subject);
      changed(subject);
      return true;
    },

    async replaceRecoveryCodes(subjectId, digests) {
      const subject = subjectOf(subjectId);
      subject.recoveryCodes = [...digests];
      changed(subject);
    },

    async spendRecoveryCode(subjectId, candidates) {
      const subject = subjectOf(subjectId);
      const codes = subject.recoveryCodes ?? [];
      const left = codes.filter((code) => !candidates.some((one) => sameDigest(one, code)));
      if (left.length === codes.length) return { kind: 'unknown' };
      subject.recoveryCodes = left;
      accepted(subject);
      return { kind: 'spent', left: left.length, epoch: subject.epoch };
    },

    async putTransaction(id, value, lifetimeMs) {
      const endsAt = now() + lifetimeMs;
      transactions.set(id, { value, endsAt }, { ttl: Math.max(1, lifetimeMs) });
    },

    async takeTransaction(id) {
      const found = transactions.get(id);
      transactions.delete(id);
      return found && now() < found.endsAt ? found.value : null;
    },
  } satisfies SecondFactorStore;
}

function newSubject(): StoredSubject {
  return {
    epoch: 0,
    failures: 0,
    retryAt: 0,
    pending: null,
    activationKey: null,
    recoveryCodes: null,
    setting: null,
    settingVersion: 0,
    enrollments: new Map(),
    view: emptySubject,
  };
}

function publicView({ id, method, label, createdAt, lastUsedAt }: StoredEnrollment): Enrollment {
  return Object.freeze({ id, method, label, createdAt, lastUsedAt });
}

function sameDigest(one: Digest, other: Digest): boolean {
  return sameBytes(one.keyId, other.keyId) && sameBytes(one.bytes, other.bytes);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
