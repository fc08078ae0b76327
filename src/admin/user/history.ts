import type { StoredEvent } from '../../contracts.js';
import { readQuery } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import type { HistoryView } from '../locals.js';

const ROWS = 20;

/** What became of each authenticator of a user, the newest first: of the page, and as JSON. */
export interface History {
  readonly view: HistoryView;
  readonly json: {
    readonly items: readonly Readonly<Record<string, unknown>>[];
    readonly next: string | null;
  };
}

export async function historyOf(
  {
    store,
    present,
    titleOf,
    eventsOfMethods,
  }: Pick<AdminContext, 'store' | 'present' | 'titleOf' | 'eventsOfMethods'>,
  { req, organization, user, here }: UserVisit,
): Promise<History> {
  const { history } = readQuery(req, ['history']);
  const before = history === '' ? null : history;
  // One more than is shown tells whether there is a next page.
  const found = await store.readHistory(user.id, { before, limit: ROWS + 1 });
  const events = found.slice(0, ROWS);
  const next = found.length > ROWS ? (events.at(-1)?.id ?? null) : null;
  const whoOf = ({ actorId, tenantId }: StoredEvent) =>
    // A user may have come from elsewhere, or act for several: who administers there is theirs to know.
    actorId === user.id || tenantId === organization.id ? actorId : null;

  return {
    view: {
      rows: events.map((event) => ({
        at: present.moment(event.at),
        what: whatOf(event, eventsOfMethods).words,
        which:
          event.enrollments?.map(({ label, method }) => ({
            label,
            title: titleOf(method) === label ? null : titleOf(method),
          })) ?? [],
        who: event.actorId === user.id ? 'The user' : (whoOf(event) ?? elsewhere(event)),
        repeats: event.repeats,
        lastAt: event.lastAt && present.moment(event.lastAt),
      })),
      next: next && `${withQuery(here.details, { history: next })}#history`,
      first: before === null ? null : `${here.details}#history`,
    },
    json: {
      items: events.map((event) => ({
        id: event.id,
        what: whatOf(event, eventsOfMethods).name,
        at: event.at,
        authenticators: event.enrollments ?? [],
        actorId: whoOf(event),
        repeats: event.repeats,
        lastAt: event.lastAt,
      })),
      next,
    },
  };

  function elsewhere({ actorId, tenantId }: StoredEvent): string {
    if (tenantId !== organization.id) return 'Another organization';
    return actorId ?? 'The application';
  }
}

/** What happened: its name in JSON, and the words of the page. */
function whatOf(
  { type, detail }: StoredEvent,
  ofMethods: AdminContext['eventsOfMethods'],
): { readonly name: string; readonly words: string } {
  switch (type) {
    case 'enrollment.confirmed':
      return { name: 'enrolled', words: 'Activated' };
    case 'enrollment.removed':
      return detail === 'replaced'
        ? { name: 'replaced', words: 'Replaced' }
        : { name: 'removed', words: 'Removed' };
    case 'enrollment.reset':
      return { name: 'reset', words: 'Reset' };
    case 'enrollment.copied':
      return { name: 'copied', words: 'Possibly copied' };
    default:
      return { name: type.replace('.', '-'), words: ofMethods[type] ?? type };
  }
}
