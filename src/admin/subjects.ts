import type { Audit } from '../audit/events.js';
import { checkOptions, option, optionsObject } from '../check-options.js';
import type { Enrollment, SecondFactorStore, Subject } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { isLocked } from './wording.js';

/** Whom it concerns: the id that never changes, and the organization whose trail shall tell of it. */
export type SubjectRef = Pick<Subject, 'id' | 'tenantId'>;

/** Who did it; by default nobody in particular (the host's own code). */
export interface SubjectActor {
  readonly actorId?: string | null;
}

export interface SubjectStatus {
  readonly enrollments: readonly Enrollment[];
  /** null: none were ever made. */
  readonly recoveryCodesLeft: number | null;
  /** While an activation key can be used. */
  readonly activationKeyEndsAt: Date | null;
  /** Switched on for this user alone by an administrator. */
  readonly enabled: boolean;
  /** Consecutive wrong answers. */
  readonly failures: number;
  readonly locked: boolean;
}

/**
 * For the host's own code: scripts, support tools, the place where users are moved or removed. Nothing here
 * asks who may; every change is in the trail. Rejects with `UnavailableError` when the store fails.
 */
export interface Subjects {
  status(subjectId: string): Promise<SubjectStatus>;
  /** Removes all factors, recovery codes and the activation key; live sessions end at their next request. */
  reset(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /** Lets codes be tried again after too many wrong ones. */
  unlock(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /** Every session of the subject has to prove a factor again. */
  endSessions(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /**
   * Tells that a subject has moved: `subject.tenantId` is the new organization. Factors stay. What the old
   * one's administrator handed out (an activation key, the key of an app) is revoked, an activation that was
   * begun is void, and every session proves its factor again.
   */
  setTenant(
    subject: SubjectRef,
    from: { readonly tenantId: string },
    actor?: SubjectActor,
  ): Promise<void>;
  /** Forgets everything about a subject whom the host removes. */
  delete(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
}

export interface SubjectsConfig {
  readonly store: Pick<
    SecondFactorStore,
    | 'readSubject'
    | 'reset'
    | 'unlock'
    | 'raiseEpoch'
    | 'revokeActivationKey'
    | 'voidPending'
    | 'deleteSubject'
    | 'readDevices'
    | 'removeDevice'
    | 'now'
  >;
  readonly audit: Audit;
}

export function subjects({ store, audit }: SubjectsConfig): Subjects {
  return {
    async status(subjectId) {
      const record = await store.readSubject(text('subjectId', subjectId));
      const endsAt = record.activationKeyEndsAt;
      return {
        enrollments: record.enrollments,
        recoveryCodesLeft: record.recoveryCodesLeft,
        activationKeyEndsAt: endsAt !== null && endsAt > store.now() ? new Date(endsAt) : null,
        enabled: record.setting !== null,
        failures: record.failures,
        locked: isLocked(record),
      };
    },

    async reset(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      await store.reset(subject.id);
      audit.record('enrollment.reset', { subject, ...by });
    },

    async unlock(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      await store.unlock(subject.id);
      audit.record('subject.unlocked', { subject, ...by });
    },

    async endSessions(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      await store.raiseEpoch(subject.id);
      audit.record('sessions.ended', { subject, ...by });
    },

    async setTenant(ref, from, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      const before = text('from.tenantId', from?.tenantId);
      await store.revokeActivationKey(subject.id);
      // Whoever handed over the key of an app has seen it: it must not become a factor elsewhere.
      await store.voidPending(subject.id);
      await store.raiseEpoch(subject.id);
      const detail = `from ${before} to ${subject.tenantId}`;
      for (const organizationId of new Set([before, subject.tenantId])) {
        audit.record('subject.moved', { subject, organizationId, ...by, detail });
      }
    },

    async delete(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      await store.deleteSubject(subject.id);
      // They recognize nobody any more, but tell when and with which browser this person was here.
      for (const { id } of await store.readDevices(subject.id)) {
        await store.removeDevice(subject.id, id);
      }
      audit.record('subject.deleted', { subject, ...by });
    },
  };
}

const actorSchema = optionsObject({
  actorId: option<string | null>(
    'the id of who did it, or null',
    (value) => value === null || (typeof value === 'string' && value !== ''),
  ).default(null),
});

function checkedActor(actor: unknown = {}): { readonly actorId: string | null } {
  return checkOptions(actor, actorSchema, { name: 'actor' });
}

function checked(ref: unknown): SubjectRef {
  const { id, tenantId } = (ref ?? {}) as Partial<Record<keyof Subject, unknown>>;
  return { id: text('subject.id', id), tenantId: text('subject.tenantId', tenantId) };
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SallyportError(
    'ERR_SUBJECT',
    `${name} must be a non-empty string, got ${value === '' ? "''" : typeof value}`,
  );
}
