import type { AuditSink, EventStore } from '../contracts.js';

/** About how many events an organization's trail keeps, unless the host says otherwise. */
export const EVENTS_KEPT = 10_000;

/**
 * The default sink: each event goes into the store's trail of its organization. An event that belongs to none
 * (a failure before anybody was known) is not kept; `onEvent` has it. What the store refuses is reported by
 * `audit()`, which awaits no sink.
 */
export function storeTrail(
  store: Pick<EventStore, 'appendEvent'>,
  { keep = EVENTS_KEPT }: { readonly keep?: number } = {},
): AuditSink {
  return {
    record(event) {
      if (event.tenantId === null) return;
      return store.appendEvent(event.tenantId, event, keep);
    },
  };
}
