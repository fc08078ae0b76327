import { together } from '../awaitable.js';
import { type AuditEvent, type AuditSink, EVENT_TYPES, type EventStore } from '../contracts.js';
import { foldsOf, placeOf } from './place.js';

/** How many events of each kind an organization's trail keeps, unless the host says otherwise. */
export const EVENTS_KEPT = 10_000;

const COMMON: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Events about a subject's authenticators. */
const HISTORY: ReadonlySet<string> = new Set([
  'enrollment.confirmed',
  'enrollment.removed',
  'enrollment.copied',
  'enrollment.imported',
  'enrollment.reset',
]);

type Store = Pick<EventStore, 'appendEvent' | 'appendHistory'>;

/**
 * The default sink: writes each event to the trail of its organization, and events about authenticators to the
 * history of their subject as well. An event without an organization (a failure before anybody was known) goes only
 * to `onEvent`. `audit()` reports errors of the store.
 */
export function storeTrail(
  store: Store,
  { keep = EVENTS_KEPT }: { readonly keep?: number } = {},
): AuditSink {
  return { record: (event) => keepEvent(store, event, keep) };
}

/** Resolves when the event is stored in the trail and the history. */
export async function keepEvent(store: Store, event: AuditEvent, keep: number): Promise<void> {
  const { tenantId, subjectId, type } = event;
  await together(
    () => (tenantId === null ? null : store.appendEvent(tenantId, event, placeOf(event, keep))),
    () =>
      // A method's own events are about a person's authenticators.
      subjectId !== null && (HISTORY.has(type) || !COMMON.has(type))
        ? store.appendHistory(subjectId, event, { folds: foldsOf(event) })
        : null,
  );
}
