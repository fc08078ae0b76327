import type {
  AuditEvent,
  AuditEventType,
  AuditSink,
  EventEnrollment,
  MethodName,
  Subject,
} from '../contracts.js';

export interface EventFacts {
  readonly subject?: Pick<Subject, 'id' | 'tenantId'> | null;
  /** For what concerns an organization and no subject. Default: the subject's tenant. */
  readonly organizationId?: string | null;
  /** Default: the subject itself. */
  readonly actorId?: string | null;
  readonly method?: MethodName | null;
  readonly from?: string | null;
  readonly detail?: string | null;
  /** The authenticators that were enrolled, removed or reset. */
  readonly enrollments?: readonly EventEnrollment[] | undefined;
}

export interface Audit {
  record(type: AuditEventType, facts: EventFacts): void;
}

/**
 * Hands events to every sink. A sink that throws or rejects loses its event and nothing else: the answer to
 * the person must not depend on the trail, so it is reported and not awaited.
 */
export function audit(
  sinks: readonly AuditSink[],
  { now, onError }: { now: () => number; onError: (error: unknown) => void },
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
      const event: AuditEvent = Object.freeze({
        type,
        at: new Date(now()),
        subjectId: subject?.id ?? null,
        tenantId: organizationId ?? subject?.tenantId ?? null,
        actorId: actorId === undefined ? (subject?.id ?? null) : actorId,
        method,
        from,
        detail,
        ...(enrollments && { enrollments: enrollments.map(named) }),
      });
      for (const sink of sinks) (async () => sink.record(event))().catch(onError);
    },
  };
}

/** The fields that an event has of it: nothing else that its record holds. */
function named({ id, method, label }: EventEnrollment): EventEnrollment {
  return Object.freeze({ id, method, label });
}

/** The same trail, with somebody else as the one who did it: an administrator who acts for a user. */
export function onBehalf(trail: Audit, actorId: string): Audit {
  return { record: (type, facts) => trail.record(type, { ...facts, actorId }) };
}
