import type { AuditEvent, EventPlace, Fold } from '../contracts.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How many events of one type, actor and subject are kept as single events within a day. */
const EACH_A_DAY = 20;
/** The same for changes of settings, each of which says what was changed. */
const SETTINGS_A_DAY = 200;

/**
 * The trail of an event. An event can push out only events of its own trail: those of its type and scope, so that a
 * person who signs out their own sessions all day does not push out what an administrator did. Folds bound even that:
 * further events are counted into the last.
 */
export function placeOf(event: AuditEvent, keep: number): EventPlace {
  return { trail: `${event.type}:${scopeOf(event)}`, keep, folds: foldsOf(event) };
}

const SCOPES = ['own', 'user', 'organization'] as const;

/** All trails in which events of this type are kept. */
export function trailsOf(type: AuditEvent['type']): readonly string[] {
  return SCOPES.map((scope) => `${type}:${scope}`);
}

function scopeOf({ subjectId, actorId }: AuditEvent): (typeof SCOPES)[number] {
  if (subjectId === null) return 'organization';
  return actorId === subjectId ? 'own' : 'user';
}

export function foldsOf(event: AuditEvent): readonly Fold[] {
  const { type, subjectId, actorId, detail } = event;
  const each = scopeOf(event) === 'organization' ? SETTINGS_A_DAY : EACH_A_DAY;
  const daily = { key: JSON.stringify([type, actorId, subjectId]), each, withinMs: DAY_MS };
  if (type !== 'verification.locked') return [daily];
  // `detail` identifies the lock by its end: all answers that one lock refuses are one event.
  const lock = { key: JSON.stringify([type, subjectId, detail]), each: 1, withinMs: DAY_MS };
  return [lock, daily];
}
