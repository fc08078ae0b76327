import type {
  AuditEvent,
  AuditEventType,
  AuditSink,
  EventEnrollment,
  EventMessage,
  Message,
  MethodName,
  Sentence,
  Subject,
} from '../contracts.js';

const DETAIL_LENGTH = 500;

/** The client's address, or the request that has it. */
export type From = string | { readonly ip?: string | undefined } | null;

export interface EventFacts {
  readonly subject?: Pick<Subject, 'id' | 'tenantId'> | null;
  /** For an event about an organization and no subject. Default: the subject's tenant. */
  readonly organizationId?: string | null;
  /** Default: the subject itself. */
  readonly actorId?: string | null;
  readonly method?: MethodName | null;
  readonly from?: From;
  /** A word, or a sentence of the catalog. */
  readonly detail?: Sentence | null;
  /** The authenticators that were enrolled, removed or reset. */
  readonly enrollments?: readonly EventEnrollment[] | undefined;
}

export interface Audit {
  record(type: AuditEventType, facts: EventFacts): void;
}

/**
 * Gives events to every sink. A sink is not awaited and its errors are only reported: the answer to the person must
 * not depend on the trail.
 */
export function audit(
  sinks: readonly AuditSink[],
  {
    now,
    originOf = () => null,
    onError,
  }: {
    now: () => number;
    /** The origin that a request came to, if the app has several; otherwise null. */
    originOf?: (asked: object) => string | null;
    onError: (error: unknown) => void;
  },
): Audit {
  return {
    record(
      type,
      {
        subject = null,
        organizationId,
        actorId,
        method = null,
        from = null,
        detail = null,
        enrollments,
      },
    ) {
      const asked = typeof from === 'object' ? from : null;
      const origin = asked && originOf(asked);
      const event: AuditEvent = Object.freeze({
        type,
        at: new Date(now()),
        subjectId: subject?.id ?? null,
        tenantId: organizationId ?? subject?.tenantId ?? null,
        actorId: actorId === undefined ? (subject?.id ?? null) : actorId,
        method,
        from: typeof from === 'string' ? from : (asked?.ip ?? null),
        ...(origin && { origin }),
        ...detailOf(detail),
        ...(enrollments && { enrollments: enrollments.map(named) }),
      });
      for (const sink of sinks) (async () => sink.record(event))().catch(onError);
    },
  };
}

/** The sentence in English for logs, and its key and values for pages. */
function detailOf(detail: Sentence | null): Pick<AuditEvent, 'detail' | 'said'> {
  if (detail === null || typeof detail === 'string') return { detail };
  return { detail: String(detail).slice(0, DETAIL_LENGTH), said: kept(detail) };
}

/** A message as plain values, for storage. */
function kept({ key, values }: Message): EventMessage {
  const plain = Object.entries(values).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? kept(value) : value,
  ]);
  return Object.freeze({ key, values: Object.freeze(Object.fromEntries(plain)) });
}

/** Only these fields of an enrollment go into an event. */
function named({ id, method, label }: EventEnrollment): EventEnrollment {
  return Object.freeze({ id, method, label });
}

/** The same trail with another actor: an administrator who acts for a user. */
export function onBehalf(trail: Audit, actorId: string): Audit {
  return { record: (type, facts) => trail.record(type, { ...facts, actorId }) };
}
