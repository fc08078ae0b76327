import type { AuditEvent, EventPlace, Fold } from '../contracts.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How many events of one kind by one person about one person are kept within a day, each for itself. */
const EACH_A_DAY = 20;
/** The same of settings, by one administrator: what was changed is in each of them. */
const SETTINGS_A_DAY = 200;

/**
 * Where an event is kept: beside those of its kind, which are the only ones that it can push out. Its kind is
 * its type and who did it to whom, since a person who signs out their own sessions all day must not push out
 * those that an administrator ended. And nobody fills even that: further ones are counted into the last.
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
  // `detail` says until when, and so which lock: the answers that one lock refuses are one event.
  const lock = { key: JSON.stringify([type, subjectId, detail]), each: 1, withinMs: DAY_MS };
  return [lock, daily];
}
