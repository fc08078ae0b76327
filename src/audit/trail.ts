import { together } from '../awaitable.js';
import { type AuditEvent, type AuditSink, EVENT_TYPES, type EventStore } from '../contracts.js';
import { foldsOf, placeOf } from './place.js';

/** How many events of each kind an organization's trail keeps, unless the host says otherwise. */
export const EVENTS_KEPT = 10_000;

const COMMON: ReadonlySet<string> = new Set(EVENT_TYPES);

/** What became of a subject's authenticators. */
const HISTORY: ReadonlySet<string> = new Set([
  'enrollment.confirmed',
  'enrollment.removed',
  'enrollment.copied',
  'enrollment.imported',
  'enrollment.reset',
]);

type Store = Pick<EventStore, 'appendEvent' | 'appendHistory'>;

/**
 * The default sink: each event goes into the store's trail of its organization, and what became of an
 * authenticator into the history of its subject as well. An event that belongs to no organization (a failure
 * before anybody was known) is in no trail; `onEvent` has it. What the store refuses is reported by `audit()`,
 * which awaits no sink.
 */
export function storeTrail(
  store: Store,
  { keep = EVENTS_KEPT }: { readonly keep?: number } = {},
): AuditSink {
  return { record: (event) => keepEvent(store, event, keep) };
}

/** Resolves when the event is kept wherever it belongs. */
export async function keepEvent(store: Store, event: AuditEvent, keep: number): Promise<void> {
  const { tenantId, subjectId, type } = event;
  await together(
    () => (tenantId === null ? null : store.appendEvent(tenantId, event, placeOf(event, keep))),
    () =>
      // What is a method's own is about what a person has of it.
      subjectId !== null && (HISTORY.has(type) || !COMMON.has(type))
        ? store.appendHistory(subjectId, event, { folds: foldsOf(event) })
        : null,
  );
}
