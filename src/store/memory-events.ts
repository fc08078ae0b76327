import type { EventStore, StoredEvent } from '../contracts.js';

/** The audit trail in memory: a list per organization, the oldest dropped. */
export function memoryEvents(): EventStore {
  const trails = new Map<string, StoredEvent[]>();
  let count = 0;

  return {
    async appendEvent(organizationId, event, keep) {
      const trail = trails.get(organizationId) ?? [];
      count += 1;
      trail.push(Object.freeze({ ...event, id: String(count).padStart(15, '0') }));
      if (trail.length > keep) trail.splice(0, trail.length - keep);
      trails.set(organizationId, trail);
    },

    async readEvents(organizationId, { before, limit }) {
      const trail = trails.get(organizationId) ?? [];
      const older = before === null ? trail : trail.filter(({ id }) => id < before);
      return older.slice(Math.max(0, older.length - limit)).reverse();
    },
  };
}
