import type { MethodName } from './subject.js';

/** The types of events that are common to all methods; a method may add its own. */
export const EVENT_TYPES = [
  'verification.succeeded',
  'verification.failed',
  'verification.locked',
  'activation-key.issued',
  'activation-key.revoked',
  'setting.changed',
  'subject.deleted',
  'subject.moved',
  'subject.unlocked',
  'sessions.ended',
  'fallback.used',
  'device.remembered',
  'device.forgotten',
  'device.stolen',
  'password.changed',
  'token.issued',
  'enrollment.handed-over',
  'enrollment.confirmed',
  'enrollment.failed',
  'enrollment.removed',
  'enrollment.copied',
  'enrollment.imported',
  'enrollment.reset',
  'enrollment.looked-up',
  'unavailable',
] as const;

/** The types of events that methods add. */
// biome-ignore lint/suspicious/noEmptyInterface: methods add to it
export interface MethodEventTypes {}

export type AuditEventType = (typeof EVENT_TYPES)[number] | keyof MethodEventTypes;

/** One authenticator that an event is about. */
export interface EventEnrollment {
  readonly id: string;
  readonly method: MethodName;
  /** Its name at that time. */
  readonly label: string;
}

/** A message of the catalog as an event keeps it: its key and values. */
export interface EventMessage {
  readonly key: string;
  readonly values: { readonly [name: string]: string | number | EventMessage };
}

/** Something that happened, for the audit trail. Never holds a code, a secret or a token. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  readonly subjectId: string | null;
  readonly tenantId: string | null;
  /** Who did it: the subject itself, or an administrator's id. */
  readonly actorId: string | null;
  readonly method: MethodName | null;
  /** The client's address as Express sees it (`req.ip`). */
  readonly from: string | null;
  /** The origin that the request came to; left out for an app with one origin, and without a request. */
  readonly origin?: string;
  /** A word, or a sentence in English. */
  readonly detail: string | null;
  /** The message of `detail`, if it is one of the catalog. */
  readonly said?: EventMessage;
  /** The authenticators that were enrolled, removed or reset; left out for other events. */
  readonly enrollments?: readonly EventEnrollment[];
}

export interface AuditSink {
  record(event: AuditEvent): void | Promise<void>;
}

/** An event as the trail keeps it. */
export interface StoredEvent extends AuditEvent {
  /** Its place among the events of its owner; later events sort after it. */
  readonly id: string;
  /** How often a similar event followed and was counted here instead of being stored. */
  readonly repeats: number;
  /** When that happened last; null for never. */
  readonly lastAt: Date | null;
}

/**
 * A limit on similar events. Of those with the same `key`, `each` are kept within `withinMs` of the first; a further
 * one is counted into the last of them (`repeats`, `lastAt`).
 */
export interface Fold {
  readonly key: string;
  readonly each: number;
  readonly withinMs: number;
}

/** Where an event is kept. */
export interface EventPlace {
  /** Events push out those of their own trail only. At most 64 characters, no blanks. */
  readonly trail: string;
  /** How many events a trail keeps, the oldest go first; null: all of them. */
  readonly keep: number | null;
  /** The first fold that is full counts the event. */
  readonly folds: readonly Fold[];
}

/** The audit trails of organizations, and the history of each subject's authenticators. */
export interface EventStore {
  appendEvent(organizationId: string, event: AuditEvent, place: EventPlace): Promise<void>;
  /**
   * Newest first; `before` is the id of the last event of the previous page. `trails` names those to read; by default
   * all of the organization's.
   */
  readEvents(
    organizationId: string,
    page: {
      readonly before: string | null;
      readonly limit: number;
      readonly trails?: readonly string[] | undefined;
    },
  ): Promise<readonly StoredEvent[]>;
  /** Kept beside the subject, whatever is reset, until `deleteSubject`. */
  appendHistory(
    subjectId: string,
    event: AuditEvent,
    place: Pick<EventPlace, 'folds'>,
  ): Promise<void>;
  readHistory(
    subjectId: string,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
}
