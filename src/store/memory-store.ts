import { LRUCache } from 'lru-cache';
import {
  type AssuranceRecord,
  type Authenticator,
  type Enrollment,
  emptySubject,
  type PendingEnrollment,
  type SecondFactorStore,
  type SubjectRecord,
} from '../contracts.js';

/** How long the record of a session between the doors outlives its own end. */
const PENDING_KEPT_MS = 24 * 60 * 60 * 1000;

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
  // Entries carry their own end; the ttl only frees memory, and so may come from the real clock.
  const sessions = new LRUCache<string, AssuranceRecord>({ max: 1_000_000 });
  const listeners = new Set<() => void>();

  function subjectOf(id: string): StoredSubject {
    let subject = subjects.get(id);
    if (!subject) {
      subject = {
        epoch: 0,
        failures: 0,
        retryAt: 0,
        pending: null,
        enrollments: new Map(),
        view: emptySubject,
      };
      subjects.set(id, subject);
    }
    return subject;
  }

  function announce(): void {
    for (const listener of listeners) listener();
  }

  function remember(session: string, record: AssuranceRecord, lifetimeMs: number): void {
    sessions.set(session, Object.freeze(record), { ttl: Math.max(1, lifetimeMs) });
    announce();
  }

  function changed(subject: StoredSubject): void {
    subject.view = Object.freeze({
      epoch: subject.epoch,
      enrollments: Object.freeze([...subject.enrollments.values()].map(publicView)),
    });
    announce();
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

    readSubject: (subjectId) => subjects.get(subjectId)?.view ?? emptySubject,
    readAssurance: (session) => sessions.get(session) ?? null,

    async openPending(session, { subjectId, lifetimeMs }) {
      const present = sessions.get(session);
      if (present) return present;
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
      remember(
        session,
        { state: 'proven', subjectId, epoch, factors: proven, expiresAt },
        lifetimeMs,
      );
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
      return {
        kind: 'reserved',
        at,
        epoch: subject.epoch,
        authenticators: [...subject.enrollments.values()].filter((one) => one.method === method),
        pending: subject.pending,
      };
    },

    async commitAttempt(subjectId, { enrollmentId, step }) {
      const subject = subjectOf(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      if (!enrollment) return { kind: 'gone' };
      if (step <= enrollment.lastStep) return { kind: 'replayed' };
      subject.enrollments.set(enrollmentId, { ...enrollment, lastStep: step, lastUsedAt: now() });
      subject.failures = 0;
      subject.retryAt = 0;
      changed(subject);
      return { kind: 'committed', epoch: subject.epoch };
    },

    async beginEnrollment(subjectId, { lifetimeMs, ...proposal }, { restart }) {
      const subject = subjectOf(subjectId);
      const present = subject.pending;
      const resumable =
        !restart &&
        present?.session === proposal.session &&
        present.method === proposal.method &&
        present.basis === proposal.basis &&
        now() < present.expiresAt;
      if (present && resumable) return present;
      subject.pending = Object.freeze({ ...proposal, expiresAt: now() + lifetimeMs });
      return subject.pending;
    },

    async confirmEnrollment(subjectId, { id, session, step, replaces }) {
      const subject = subjectOf(subjectId);
      const { pending } = subject;
      if (!pending || pending.id !== id || pending.session !== session) {
        return { kind: 'superseded' };
      }
      if (pending.basis === 'first' && subject.enrollments.size > 0) return { kind: 'superseded' };
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
      subject.failures = 0;
      subject.retryAt = 0;
      changed(subject);
      return { kind: 'confirmed', epoch: subject.epoch, enrollment: publicView(enrollment) };
    },

    async unenroll(subjectId, enrollmentId) {
      const subject = subjectOf(subjectId);
      if (!subject.enrollments.delete(enrollmentId)) return null;
      subject.epoch += 1;
      changed(subject);
      return { epoch: subject.epoch };
    },

    async reset(subjectId) {
      const subject = subjectOf(subjectId);
      subject.enrollments.clear();
      subject.pending = null;
      subject.failures = 0;
      subject.retryAt = 0;
      subject.epoch += 1;
      changed(subject);
      return { epoch: subject.epoch };
    },
  } satisfies SecondFactorStore;
}

function publicView({ id, method, label, createdAt, lastUsedAt }: StoredEnrollment): Enrollment {
  return Object.freeze({ id, method, label, createdAt, lastUsedAt });
}
