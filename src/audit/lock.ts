import { boundedMap } from '../bounded-map.js';
import type { AuditEvent, AuditSink, Message } from '../contracts.js';
import { message } from '../messages/english.js';

const UNLOCKING: ReadonlySet<AuditEvent['type']> = new Set([
  'subject.unlocked',
  'enrollment.reset',
  'enrollment.confirmed',
  'verification.succeeded',
]);

/** The `detail` of `verification.locked`: the end of the lock, which identifies it. */
export function lockedUntil(retryAt: Date | null): Message {
  return retryAt === null
    ? message('event.detail.locked-until-help')
    : message('event.detail.locked-until', { until: retryAt.toISOString() });
}

/**
 * Passes on one event per lock and process: somebody who is locked out can repeat the attempt at will, and a sink may
 * send a message for each event.
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
      // These events end a lock without an end, so the next one is a new lock.
      if (UNLOCKING.has(event.type)) told.delete(keyOf(event.subjectId, String(lockedUntil(null))));
      return sink.record(event);
    },
  };
}

function keyOf(subjectId: string | null, lock: string | null): string {
  return JSON.stringify([subjectId, lock]);
}
