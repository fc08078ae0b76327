import { together } from '../awaitable.js';
import type { DirectoryUser } from '../contracts.js';
import { inBatches } from './batches.js';
import { type AdminContext, noticeOf } from './context.js';
import type { OrganizationVisit } from './guard.js';
import { listQuery, listView } from './listing.js';
import { activatedWords, fromWords, isLocked, stateOf } from './wording.js';

/** The users of an organization, with the Two-Factor column and checkboxes for the actions. */
export function userListPages(context: AdminContext) {
  const { directory, navOf, standings, store, present, titleOf } = context;

  async function rowOf(visit: OrganizationVisit, user: DirectoryUser) {
    const { organization } = visit;
    if (!(await visit.may('user:read', { kind: 'user', organization, user }))) return null;
    const subject = { id: user.id, tenantId: organization.id, label: user.label };
    const [standing, record] = await together(
      () => standings.of(subject),
      () => store.readSubject(user.id),
    );
    return { user, standing, record };
  }

  async function list(visit: OrganizationVisit, error: string | null = null): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const query = listQuery(req);
    const [nav, page] = await together(
      () => navOf(visit, 'users'),
      () => directory.users(organization.id, query),
    );
    const rows = (await inBatches(page.items, (user) => rowOf(visit, user))).filter(
      (row) => row !== null,
    );
    const list = listView(at.users, query, page, rows.length);
    await present.page(req, res, {
      status: error === null ? 200 : 422,
      view: 'admin/users',
      title: `Users of ${organization.name}`,
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit),
        list,
        bulkAction: at.bulkConfirm,
        error,
        rows: rows.map(({ user, standing, record }) => ({
          id: user.id,
          label: user.label,
          name: user.name ?? null,
          href: at.user(user.id).details,
          state: stateOf(standing),
          from: fromWords(standing),
          activated: activatedWords(record, titleOf),
          locked: isLocked(record),
        })),
      },
      json: {
        ...(error === null ? {} : { error: 'invalid_selection', message: error }),
        items: rows.map(({ user, standing, record }) => ({
          id: user.id,
          label: user.label,
          name: user.name ?? null,
          mode: standing.mode,
          from: standing.from,
          activated: record.enrollments.map(({ method }) => method),
          locked: isLocked(record),
        })),
        next: page.next,
        total: list.total,
      },
    });
  }

  return { list };
}
