import { recordOrLost } from '../../lost.js';
import { inBatches } from '../batches.js';
import { FieldsError } from '../bodies.js';
import { type AdminContext, organizationJson } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { newlyShutsOut, switchedOn } from '../standing.js';
import { count } from '../wording.js';
import {
  readSelection,
  SELECTED_AT_MOST,
  type Selected,
  type Selection,
  selectedUsers,
  selectionFields,
} from './selection.js';
import { isInState, type UserState } from './states.js';
import { isDone, OUTCOMES, type Switched, switchUser } from './switching.js';

const NAMED = 10;

/** Actions → Enable or Disable Two-Factor: the question with the number of users, and what was done per user. */
export function bulkPages(context: AdminContext) {
  const { directory, navOf, standings, store, present } = context;

  async function select(visit: OrganizationVisit): Promise<{
    selection: Selection;
    selected: readonly Selected[];
  }> {
    const selection = readSelection(visit.req);
    if (selection.users?.length === 0) {
      throw new FieldsError(422, 'invalid_selection', 'Select at least one user first.', {
        users: `Select 1 to ${SELECTED_AT_MOST} users, or everybody.`,
      });
    }
    const found = await selectedUsers(directory, visit.organization, selection);
    if (selection.users !== null) return { selection, selected: found };
    const selected = await inState(visit, found, selection.state);
    // Of everybody, those who may not be read were named by nobody: no report may name them.
    const seen = await visible(visit, selected);
    return { selection, selected: seen.map((user) => ({ id: user.id, user })) };
  }

  async function inState(
    { organization }: OrganizationVisit,
    selected: readonly Selected[],
    state: UserState | null,
  ): Promise<readonly Selected[]> {
    if (state === null) return selected;
    const found = await inBatches(selected, async (one) => {
      if (!one.user) return null;
      const candidate = { user: one.user, record: await recordOrLost(store, one.id) };
      return (await isInState(context, organization, candidate, state)) ? one : null;
    });
    return found.filter((one) => one !== null);
  }

  /** Users whom this administrator can see; the others are as good as not there, also in a count. */
  async function visible(visit: OrganizationVisit, selected: readonly Selected[]) {
    const { organization } = visit;
    const seen = await inBatches(selected, async ({ user }) =>
      user && (await visit.may('user:read', { kind: 'user', organization, user })) ? user : null,
    );
    return seen.filter((user) => user !== null);
  }

  async function locksOut(
    { admin, organization }: OrganizationVisit,
    selection: Selection,
    ids: readonly string[],
  ): Promise<boolean> {
    const { enable } = selection;
    if (!enable || !ids.includes(admin.id)) return false;
    const record = await store.readSubject(admin.id);
    const standing = await standings.of({ ...admin, tenantId: organization.id });
    return newlyShutsOut(standing, switchedOn(standing, graceOf(selection)), record, store.now());
  }

  async function ask(
    visit: OrganizationVisit,
    selection: Selection,
    selected: readonly Selected[],
    again: { readonly text: string | null; readonly graceError: string | null } | null = null,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const users = await visible(visit, selected);
    const ids = users.map(({ id }) => id);
    const { enable, search, state } = selection;
    const lockout = await locksOut(visit, selection, ids);
    const title = `${enable ? 'Enable' : 'Disable'} two-factor`;
    const fields = selectionFields(selection, users.length);
    await present.page(req, res, {
      status: again ? (again.graceError ? 422 : 409) : 200,
      view: 'admin/bulk-confirm',
      title,
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        enable,
        count: users.length,
        action: at.bulk,
        cancel: withQuery(at.users, { search, state }),
        fields,
        some: users.slice(0, NAMED).map(({ label }) => label),
        again: again?.text ?? null,
        graceError: again?.graceError ?? null,
        lockout: lockout
          ? {
              text: 'You are among them, and have not activated any mechanism: you will be shut out until you have.',
              error: null,
            }
          : null,
      },
      json: {
        ...(again?.text ? { error: 'selection_changed', message: again.text } : {}),
        ...(again?.graceError
          ? {
              error: 'invalid_selection',
              message: again.graceError,
              fields: { grace: again.graceError },
            }
          : {}),
        organization: organizationJson(organization),
        action: enable ? 'enable' : 'disable',
        count: users.length,
        locksOut: lockout,
      },
    });
  }

  async function preview(visit: OrganizationVisit): Promise<void> {
    const { selection, selected } = await select(visit);
    await ask(visit, selection, selected);
  }

  async function perform(visit: OrganizationVisit): Promise<void> {
    const { organization } = visit;
    const { selection, selected } = await select(visit);
    const { enable, override } = selection;
    if (selection.count !== null) {
      const seen = await visible(visit, selected);
      if (seen.length !== selection.count) {
        return ask(visit, selection, selected, {
          text: `These were ${count(selection.count, 'user')} when you were asked, and are ${seen.length} now. Nothing was changed: please confirm again.`,
          graceError: null,
        });
      }
    }
    const graceUntil = graceOf(selection);
    if (graceUntil !== null && Date.parse(graceUntil) <= store.now()) {
      return ask(visit, selection, selected, {
        text: null,
        graceError: 'This date is past: choose one to come, or none.',
      });
    }
    const results = await inBatches(selected, (one) =>
      switchUser(context, visit, organization, one, { enable, graceUntil, override }),
    );
    await report(visit, selection, results);
  }

  async function report(
    visit: OrganizationVisit,
    { enable, search, state }: Selection,
    results: readonly Switched[],
  ): Promise<void> {
    const { req, res, admin, at } = visit;
    const done = results.filter(({ outcome }) => isDone(outcome)).length;
    const unchanged = results.filter(({ outcome }) => outcome.startsWith('already-')).length;
    const refused = results.length - done - unchanged;
    await present.page(req, res, {
      view: 'admin/bulk-result',
      title: enable ? 'Two-factor enabled' : 'Two-factor disabled',
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        enable,
        done,
        unchanged,
        refused,
        back: withQuery(at.users, { search, state }),
        rows: results.map(({ id, label, outcome, reason }) => ({
          label: label ?? id,
          href: label === null ? null : at.user(id).details,
          outcome: [OUTCOMES[outcome].text, reason].filter(Boolean).join('. '),
          tone: OUTCOMES[outcome].tone,
        })),
      },
      json: { action: enable ? 'enable' : 'disable', done, unchanged, refused, results },
    });
  }

  return { preview, perform };
}

/** A date is the beginning of that day in UTC. */
function graceOf({ enable, grace }: Selection): string | null {
  return enable && grace !== '' ? `${grace}T00:00:00.000Z` : null;
}
