import type { StoredEvent } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { readQuery } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import type { HistoryView } from './locals.js';

const ROWS = 20;

/** The history of a user's authenticators, newest first: for the page and as JSON. */
export interface History {
  readonly view: HistoryView;
  readonly json: {
    readonly items: readonly Readonly<Record<string, unknown>>[];
    readonly next: string | null;
  };
}

export async function historyOf(
  { store, present, titleOf, words }: Pick<AdminContext, 'store' | 'present' | 'titleOf' | 'words'>,
  { req, organization, user, here }: UserVisit,
): Promise<History> {
  const { say } = present;
  const { history } = readQuery(req, ['history']);
  const before = history === '' ? null : history;
  // One more than is shown, to know whether there is a next page.
  const found = await store.readHistory(user.id, { before, limit: ROWS + 1 });
  const events = found.slice(0, ROWS);
  const next = found.length > ROWS ? (events.at(-1)?.id ?? null) : null;
  const whoOf = ({ actorId, tenantId }: StoredEvent) =>
    // The event may be of another organization, whose administrators are not named here.
    actorId === user.id || tenantId === organization.id ? actorId : null;

  return {
    view: {
      rows: events.map((event) => ({
        at: present.moment(event.at),
        what: wordsOf(whatOf(event), event),
        which:
          event.enrollments?.map(({ label, method }) => ({
            label,
            title: titleOf(method) === label ? null : titleOf(method),
          })) ?? [],
        who:
          event.actorId === user.id
            ? say(message('admin.history.by-user'))
            : (whoOf(event) ?? elsewhere(event)),
        repeats: event.repeats,
        lastAt: event.lastAt && present.moment(event.lastAt),
      })),
      next: next && `${withQuery(here.details, { history: next })}#history`,
      first: before === null ? null : `${here.details}#history`,
    },
    json: {
      items: events.map((event) => ({
        id: event.id,
        what: whatOf(event) ?? event.type.replace('.', '-'),
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
    if (tenantId !== organization.id) return say(message('admin.history.elsewhere'));
    return actorId ?? say(message('admin.history.application'));
  }

  function wordsOf(what: ReturnType<typeof whatOf>, { type }: StoredEvent): string {
    return what ? say(message(`admin.history.${what}`)) : words.eventWords(type);
  }
}

/** What happened, by its name in JSON; null for a method's own event. */
function whatOf({ type, detail }: StoredEvent) {
  switch (type) {
    case 'enrollment.confirmed':
      return 'enrolled';
    case 'enrollment.removed':
      return detail === 'replaced' ? 'replaced' : 'removed';
    case 'enrollment.reset':
      return 'reset';
    case 'enrollment.imported':
      return 'imported';
    case 'enrollment.copied':
      return 'copied';
    default:
      return null;
  }
}
