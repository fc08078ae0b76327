import { together } from '../../awaitable.js';
import type { Message } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { lockOf } from '../../methods/lock.js';
import { isolated } from '../../names.js';
import { signInName } from '../../policy/sign-in-words.js';
import { inBatches } from '../batches.js';
import { readQuery } from '../bodies.js';
import { type AdminContext, noticeOf } from '../context.js';
import { lastSignIn } from '../effective-policy.js';
import type { OrganizationVisit } from '../guard.js';
import { listQuery, listView } from '../listing.js';
import { findUsers } from './find-users.js';
import type { UserRow } from './locals.js';
import { type Candidate, graceOf, STATES, stateFrom, type UserState } from './states.js';

/** The users of an organization, with the Two-Factor column and checkboxes for the actions. */
export function userListPages(context: AdminContext) {
  const { navOf, policies, store, present, findable } = context;
  const { stateOf, fromWords, activatedWords } = context.words;
  const { say } = present;

  async function rowOf({ organization, at }: OrganizationVisit, { user, record }: Candidate) {
    const subject = { id: user.id, tenantId: organization.id, label: user.label };
    const effective = await policies.of(subject);
    const now = store.now();
    const { locked, retryAt, stopped } = lockOf(record, now);
    const graceUntil = graceOf(effective, record, now);
    const signIn = effective.policy && lastSignIn(effective.policy, record, now);
    const view: UserRow = {
      id: user.id,
      label: user.label,
      name: user.name ?? null,
      href: at.user(user.id).details,
      state: stateOf(effective),
      from: fromWords(effective),
      activated: activatedWords(record, signIn && signInName(signIn.signIn, now)),
      graceUntil: graceUntil && present.moment(graceUntil),
      locked: locked
        ? {
            text: say(message(stopped ? 'admin.users.stopped' : 'admin.users.locked')),
            until: retryAt && present.moment(retryAt),
          }
        : null,
    };
    const json = {
      id: user.id,
      label: user.label,
      name: user.name ?? null,
      mode: effective.mode,
      from: effective.from,
      activated: record.enrollments.map(({ method }) => method),
      signIn: signIn && { by: signIn.signIn.by, at: new Date(signIn.signIn.at) },
      graceUntil,
      ...{ locked, retryAt, stopped },
    };
    return { view, json };
  }

  const stateWords = (state: UserState) => say(message(`admin.users.state.${state}`));

  /** The label of the checkbox that selects everybody whom the search finds. */
  function everybody(search: string, count: number | null, named: UserState | null): Message {
    const state = named && say(message(`admin.users.in-state.${named}`));
    if (search === '') {
      if (state !== null) return message('admin.users.all-in-state', { state });
      return count === null
        ? message('admin.users.all')
        : message('admin.users.all-counted', { count });
    }
    if (state !== null) return message('admin.users.found-in-state', { search, state });
    return count === null
      ? message('admin.users.found', { search })
      : message('admin.users.found-counted', { search, count });
  }

  async function list(visit: OrganizationVisit): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const query = listQuery(req);
    const { state: named, looked: before } = readQuery(req, ['state', 'looked']);
    const state = stateFrom(named);
    const [nav, found] = await together(
      () => navOf(visit, 'users'),
      () => findUsers(context, visit, query, state),
    );
    const rows = await inBatches(found.users, (one) => rowOf(visit, one));
    const looked = found.looked + (/^\d{1,9}$/.test(before) ? Number(before) : 0);
    await present.page(req, res, {
      view: 'admin/users',
      title: message('admin.users.title', { name: isolated(organization.name) }),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit, present),
        list: listView(at.users, query, found, { state }, { looked: state && looked }),
        filter: {
          state: state ?? '',
          states: STATES.map((name) => ({ name, label: stateWords(name) })),
          words: state && stateWords(state),
          all: say(everybody(query.search, found.total, state)),
          looked,
        },
        lookUp: findable.length > 0 ? at.lookUp : null,
        bulkAction: at.bulkConfirm,
        rows: rows.map(({ view }) => view),
      },
      json: {
        items: rows.map(({ json }) => json),
        next: found.next,
        total: found.total,
        state,
        looked: found.looked,
      },
    });
  }

  return { list };
}
