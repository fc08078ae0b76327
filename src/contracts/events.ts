import type { MethodName } from './subject.js';

export type AuditEventType =
  | 'verification.succeeded'
  | 'verification.failed'
  | 'verification.locked'
  | 'activation-key.issued'
  | 'activation-key.revoked'
  | 'recovery-codes.made'
  | 'setting.changed'
  | 'subject.deleted'
  | 'subject.moved'
  | 'subject.unlocked'
  | 'sessions.ended'
  | 'fallback.used'
  | 'device.remembered'
  | 'device.forgotten'
  | 'device.stolen'
  | 'password.changed'
  | 'enrollment.handed-over'
  | 'enrollment.confirmed'
  | 'enrollment.failed'
  | 'enrollment.removed'
  | 'enrollment.reset'
  | 'unavailable';

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
  readonly detail: string | null;
}

export interface AuditSink {
  record(event: AuditEvent): void | Promise<void>;
}

/** An event as the trail keeps it. */
export interface StoredEvent extends AuditEvent {
  /** Where it stands in its organization's trail; later ones sort after it. */
  readonly id: string;
}

/** The audit trail, per organization and capped. */
export interface EventStore {
  /** `keep`: about how many events an organization keeps; the oldest go first. */
  appendEvent(organizationId: string, event: AuditEvent, keep: number): Promise<void>;
  /** The newest first; `before` is the id of the last one of the page before. */
  readEvents(
    organizationId: string,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
}
