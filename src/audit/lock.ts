import { boundedMap } from '../bounded-map.js';
import type { AuditEvent, AuditSink, Message } from '../contracts.js';
import { message } from '../messages/english.js';

const HELPS: ReadonlySet<AuditEvent['type']> = new Set([
  'subject.unlocked',
  'enrollment.reset',
  'enrollment.confirmed',
  'verification.succeeded',
]);

/** The `detail` of `verification.locked`: until when, and so which lock it was. */
export function lockedUntil(retryAt: Date | null): Message {
  return retryAt === null
    ? message('event.detail.locked-until-help')
    : message('event.detail.locked-until', { until: retryAt.toISOString() });
}

/**
 * Hands on one event per lock, as far as this process has seen them: whoever is refused by a lock can repeat
 * that as often as they like, and somebody might be sent a message for each.
 */
export function oncePerLock(sink: AuditSink): AuditSink {
  const told = boundedMap<string, true>(10_000);
  return {
    record(event) {
      if (event.type === 'verification.locked') {
        const lock = keyOf(event.subjectId, event.detail);
        if (told.has(lock)) return;
        told.set(lock, true);
      }
      // What helps opens a lock without an end, and the next one like it is another.
      if (HELPS.has(event.type)) told.delete(keyOf(event.subjectId, String(lockedUntil(null))));
      return sink.record(event);
    },
  };
}

function keyOf(subjectId: string | null, lock: string | null): string {
  return JSON.stringify([subjectId, lock]);
}
