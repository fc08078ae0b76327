import { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Audit } from '../audit/events.js';
import { checkOptions, option, optionsObject } from '../check-options.js';
import type { Enrollment, ImportResult, SecondFactorStore, Subject } from '../contracts.js';
import { SallyportError } from '../errors.js';
import type { KeepSession } from '../gate/keep-session.js';
import type { Inspector } from '../gate/situation.js';
import { recordOrLost } from '../lost.js';
import { keptCodesLeft } from '../methods/kept-codes.js';
import { type Lock, lockOf } from '../methods/lock.js';
import type { Importer } from './import-subject.js';

/** The subject: the id that never changes, and the organization whose trail records it. */
export type SubjectRef = Pick<Subject, 'id' | 'tenantId'>;

/** The actor; by default none (the host's code). */
export interface SubjectActor {
  readonly actorId?: string | null;
}

export interface SubjectStatus extends Lock {
  readonly enrollments: readonly Enrollment[];
  /** The recovery codes left, if the subject has kept or used some; null for none. */
  readonly recoveryCodesLeft: number | null;
  /** Whether an activation key can be used now. */
  readonly activationKeyEndsAt: Date | null;
  /** Whether an administrator has switched two-factor on for this user. */
  readonly enabled: boolean;
  /** Consecutive wrong answers. */
  readonly failures: number;
  /** Whether `legacy` is still to be asked for this subject; left out without `legacy`. */
  readonly legacyDue?: boolean;
}

/**
 * For the host's code: scripts, support tools, moving and removing users. Nothing here is authorized; every change is
 * audited. Rejects with `UnavailableError` when the store fails.
 */
export interface Subjects {
  status(subjectId: string): Promise<SubjectStatus>;
  /** Removes all factors, recovery codes and the activation key; every session ends, as in `endSessions`. */
  reset(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /** Accepts codes again after too many wrong ones. */
  unlock(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /**
   * Ends every session of the subject, on every process, at its next request: those that have proven a factor, those
   * between the doors, and those of which nothing was demanded. Also forgets remembered devices.
   */
  endSessions(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
  /**
   * To be called when the host has stored another password for a subject, whoever changed it: ends every session of
   * the subject, as in `endSessions`, since each may belong to somebody who knew the old password. `except` is the
   * request of the subject's own session, which continues under a new id: await this before you answer. Throws
   * ERR_SUBJECT, and changes nothing, when that session is not the subject's or has ended.
   */
  passwordChanged(
    subject: SubjectRef,
    options?: SubjectActor & { readonly except?: Request },
  ): Promise<void>;
  /**
   * To be called when a subject has moved: `subject.tenantId` is the new organization. Factors stay. What the old
   * organization's administrator handed out (an activation key, the key of an app) is revoked, a begun activation is
   * void, and every session ends.
   */
  setTenant(
    subject: SubjectRef,
    from: { readonly tenantId: string },
    actor?: SubjectActor,
  ): Promise<void>;
  /**
   * Imports second factors that a subject had elsewhere, by method: each once, however often it is called. Nobody is
   * signed out. Nothing is imported for a subject who had a factor removed or reset here (`removed`): a lost phone
   * must not come back. Throws ERR_IMPORT for a wrong factor, naming no secret.
   * @example await door.subjects.import({ id: '7', tenantId: 'acme' }, { [method]: [{ secret, name: 'Phone' }] });
   */
  import(
    subject: SubjectRef,
    factors: Readonly<Record<string, readonly unknown[]>>,
    actor?: SubjectActor,
  ): Promise<ImportResult>;
  /** Deletes everything about a subject whom the host removes. */
  delete(subject: SubjectRef, actor?: SubjectActor): Promise<void>;
}

export interface SubjectsConfig {
  readonly store: Pick<
    SecondFactorStore,
    | 'readSubject'
    | 'refreshSubject'
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
  readonly importing: Importer;
  /** Whether the host is asked for factors made elsewhere. */
  readonly hasLegacy: boolean;
  readonly inspector: Pick<Inspector, 'inspect'>;
  readonly keepSession: KeepSession;
}

export function subjects({
  store,
  audit,
  importing,
  hasLegacy,
  inspector,
  keepSession,
}: SubjectsConfig): Subjects {
  return {
    async status(subjectId) {
      // The present record, since support may just have changed it on another process.
      const record = await store.refreshSubject(text('subjectId', subjectId));
      const endsAt = record.activationKeyEndsAt;
      return {
        enrollments: record.enrollments,
        recoveryCodesLeft: keptCodesLeft(record),
        activationKeyEndsAt: endsAt !== null && endsAt > store.now() ? new Date(endsAt) : null,
        enabled: record.setting !== null,
        failures: record.failures,
        ...(hasLegacy && { legacyDue: record.legacyDue }),
        ...lockOf(record, store.now()),
      };
    },

    async reset(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      const { enrollments } = await recordOrLost(store, subject.id);
      await store.reset(subject.id);
      audit.record('enrollment.reset', { subject, ...by, enrollments });
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

    async passwordChanged(ref, options) {
      const subject = checked(ref);
      const { actorId, except } = checkOptions(options ?? {}, passwordSchema, {
        name: 'passwordChanged',
      });
      const kept = except && (await inspector.inspect(except));
      if (kept && (kept.kind === 'anonymous' || kept.subject.id !== subject.id)) {
        throw new SallyportError(
          'ERR_SUBJECT',
          `except must be a request of the session of ${subject.id}, got one of ${kept.kind === 'known' ? kept.subject.id : 'nobody'}`,
        );
      }
      if (kept?.decision.kind === 'deny') {
        throw new SallyportError(
          'ERR_SUBJECT',
          `except must be a request of a session that goes on, got one that is over (${kept.decision.why})`,
        );
      }
      const goingOn = kept?.kind === 'known' ? kept : null;
      // A concurrent reset ends that session too: it must not continue under the epoch after it.
      const raised =
        goingOn &&
        (await store.raiseEpoch(subject.id, goingOn.facts.record.epoch, goingOn.session));
      if (!raised) await store.raiseEpoch(subject.id);
      audit.record('password.changed', { subject, actorId });
      if (except && goingOn && raised) await keepSession(except, goingOn, raised.epoch);
    },

    async setTenant(ref, from, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      const before = text('from.tenantId', from?.tenantId);
      await store.revokeActivationKey(subject.id);
      // The administrator who handed over the key of an app has seen it: it must not become a factor in another
      // organization.
      await store.voidPending(subject.id);
      await store.raiseEpoch(subject.id);
      const detail = `from ${before} to ${subject.tenantId}`;
      for (const organizationId of new Set([before, subject.tenantId])) {
        audit.record('subject.moved', { subject, organizationId, ...by, detail });
      }
    },

    async import(ref, factors, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      return importing.add(subject, importing.read(subject, factors), by);
    },

    async delete(ref, actor) {
      const subject = checked(ref);
      const by = checkedActor(actor);
      await store.deleteSubject(subject.id);
      // Devices no longer recognize anybody, but their records hold when and with which browser this person was here.
      for (const { id } of await store.readDevices(subject.id)) {
        await store.removeDevice(subject.id, id);
      }
      audit.record('subject.deleted', { subject, ...by });
    },
  };
}

const actorId = option<string | null>(
  'the id of who did it, or null',
  (value) => value === null || (typeof value === 'string' && value !== ''),
).default(null);

const actorSchema = optionsObject({ actorId });

const passwordSchema = optionsObject({
  actorId,
  except: option<Request>(
    'a request of the session that goes on',
    (value) => value instanceof IncomingMessage,
  ).optional(),
});

function checkedActor(actor: unknown = {}): { readonly actorId: string | null } {
  return checkOptions(actor, actorSchema, { name: 'actor' });
}

function checked(ref: unknown): SubjectRef {
  const { id, tenantId } = (ref ?? {}) as Partial<Record<keyof Subject, unknown>>;
  const sole = tenantId === undefined ? ": it is 'default' where subject(req) leaves it out" : '';
  return { id: text('subject.id', id), tenantId: text('subject.tenantId', tenantId, sole) };
}

function text(name: string, value: unknown, hint = ''): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SallyportError(
    'ERR_SUBJECT',
    `${name} must be a non-empty string, got ${value === '' ? "''" : typeof value}${hint}`,
  );
}
