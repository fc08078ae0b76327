import type { AuditEvent, AuditEventType, AuditSink, MethodName, Subject } from '../contracts.js';

export interface EventFacts {
  readonly subject?: Pick<Subject, 'id' | 'tenantId'> | null;
  /** Default: the subject itself. */
  readonly actorId?: string | null;
  readonly method?: MethodName | null;
  readonly from?: string | null;
  readonly detail?: string | null;
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
    record(type, { subject = null, actorId, method = null, from = null, detail = null }) {
      const event: AuditEvent = Object.freeze({
        type,
        at: new Date(now()),
        subjectId: subject?.id ?? null,
        tenantId: subject?.tenantId ?? null,
        actorId: actorId === undefined ? (subject?.id ?? null) : actorId,
        method,
        from,
        detail,
      });
      for (const sink of sinks) deliver(sink, event, onError);
    },
  };
}

async function deliver(
  sink: AuditSink,
  event: AuditEvent,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    await sink.record(event);
  } catch (error) {
    onError(error);
  }
}
