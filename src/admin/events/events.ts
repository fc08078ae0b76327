import { trailsOf } from '../../audit/place.js';
import type { AuditEventType, Message, StoredEvent } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { isolated } from '../../names.js';
import { FieldsError, readQuery } from '../bodies.js';
import { type AdminContext, noticeOf } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';

const ROWS = 50;
/** How many events one request reads at most for a filter that matches few; the page then has a link to go on. */
const SCANNED_AT_MOST = 2000;
const BATCH = 100;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Filter {
  readonly type: string;
  readonly user: string;
  readonly from: string;
  readonly to: string;
}

/** The audit trail of an organization, the newest first. */
export function eventPages({ navOf, store, present, titleOf, words, eventTypes }: AdminContext) {
  async function list(visit: OrganizationVisit): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const { cursor, ...filter } = readQuery(req, ['type', 'user', 'from', 'to', 'cursor']);
    const { events, next } = await find(
      organization.id,
      matcher(filter, eventTypes),
      cursor || null,
    );
    const nextUrl = next && withQuery(at.events, { ...filter, cursor: next });
    await present.page(req, res, {
      view: 'admin/events',
      title: message('admin.events.title', { name: isolated(organization.name) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'events'),
        notice: noticeOf(visit, present),
        action: at.events,
        types: eventTypes.map((name) => ({ name, label: words.eventWords(name) })),
        filter,
        rows: events.map((event) => ({
          at: present.moment(event.at),
          what: words.eventWords(event.type),
          who: event.actorId ?? '',
          whom: event.subjectId === event.actorId ? '' : (event.subjectId ?? ''),
          method: event.method === null ? '' : titleOf(event.method),
          from: event.from ?? '',
          detail: words.detailWords(event),
          enrollments: event.enrollments?.map(({ label }) => label) ?? [],
          repeats: event.repeats,
          lastAt: event.lastAt && present.moment(event.lastAt),
        })),
        next: nextUrl,
        first: cursor === '' ? null : withQuery(at.events, { ...filter }),
      },
      json: {
        items: events.map(({ at: when, tenantId, enrollments = [], ...event }) => ({
          id: event.id,
          type: event.type,
          at: when,
          subjectId: event.subjectId,
          organizationId: tenantId,
          actorId: event.actorId,
          method: event.method,
          from: event.from,
          ...(event.origin && { origin: event.origin }),
          detail: event.detail,
          ...(event.said && { said: event.said }),
          enrollments,
          repeats: event.repeats,
          lastAt: event.lastAt,
        })),
        next,
      },
    });
  }

  async function find(
    organizationId: string,
    { trails, matches, older }: ReturnType<typeof matcher>,
    cursor: string | null,
  ): Promise<{ events: readonly StoredEvent[]; next: string | null }> {
    const events: StoredEvent[] = [];
    let before = cursor;
    for (let scanned = 0; scanned < SCANNED_AT_MOST; scanned += BATCH) {
      const batch = await store.readEvents(organizationId, { before, limit: BATCH, trails });
      for (const event of batch) {
        if (older(event)) return { events, next: null };
        before = event.id;
        if (matches(event)) events.push(event);
        if (events.length === ROWS) return { events, next: before };
      }
      if (batch.length < BATCH) return { events, next: null };
    }
    return { events, next: before };
  }

  return { list };
}

/** `from` and `to` are days in UTC, both included. */
function matcher({ type, user, from, to }: Filter, types: readonly string[]) {
  const isType = (name: string): name is AuditEventType => types.includes(name);
  if (!isType(type) && type !== '') throw invalid('type', message('admin.field.type'));
  const since = from === '' ? null : dayOf(from, 'from');
  const until = to === '' ? null : dayOf(to, 'to') + DAY_MS;
  return {
    trails: type === '' ? undefined : trailsOf(type),
    matches: (event: StoredEvent) =>
      (user === '' || event.subjectId === user || event.actorId === user) &&
      (since === null || (event.lastAt ?? event.at).getTime() >= since) &&
      (until === null || event.at.getTime() < until),
    // A repeated event may be counted in one of up to a day before.
    older: ({ at }: StoredEvent) => since !== null && at.getTime() < since - DAY_MS,
  };
}

function dayOf(date: string, field: string): number {
  const at = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at)) throw invalid(field, message('admin.field.date-example'));
  return at;
}

function invalid(field: string, wrong: Message): FieldsError {
  return new FieldsError(400, 'invalid_request', wrong, { [field]: wrong });
}
