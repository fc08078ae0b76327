import type { MethodName } from './subject.js';

/** What happens to everybody; methods add what happens to theirs alone. */
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

/** Types of events that are a method's own; each adds them. */
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

/** A message of the catalog, as an event keeps it: which one, and what is put into it. */
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
  /** Which of the app's addresses was asked; left out where it has one, and where no request did it. */
  readonly origin?: string;
  /** A word, or a sentence in English. */
  readonly detail: string | null;
  /** What `detail` says, where it is a sentence of the catalog; left out where it is none. */
  readonly said?: EventMessage;
  /** The authenticators that were enrolled, removed or reset; of other events it is left out. */
  readonly enrollments?: readonly EventEnrollment[];
}

export interface AuditSink {
  record(event: AuditEvent): void | Promise<void>;
}

/** An event as the trail keeps it. */
export interface StoredEvent extends AuditEvent {
  /** Where it stands among the events that it is kept with; later ones sort after it. */
  readonly id: string;
  /** How often its like happened again and was counted here, in place of an event of its own. */
  readonly repeats: number;
  /** When that was last; null when it never was. */
  readonly lastAt: Date | null;
}

/**
 * A bound on events that are alike. Of those with the same `key`, `each` within `withinMs` of the first are
 * kept; a further one is counted into the last of them (`repeats`, `lastAt`).
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
  /** The first that is exhausted takes the event. */
  readonly folds: readonly Fold[];
}

/** The audit trails of organizations, and the history of each subject's authenticators. */
export interface EventStore {
  appendEvent(organizationId: string, event: AuditEvent, place: EventPlace): Promise<void>;
  /**
   * The newest first; `before` is the id of the last one of the page before. `trails` names those to read;
   * without it all of the organization's are.
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
