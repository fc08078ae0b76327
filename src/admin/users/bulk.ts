import type { Message } from '../../contracts.js';
import { recordOrLost } from '../../lost.js';
import { message } from '../../messages/english.js';
import { told } from '../../web/refusal.js';
import { inBatches } from '../batches.js';
import { FieldsError } from '../bodies.js';
import { type AdminContext, organizationJson } from '../context.js';
import { newlyShutsOut, switchedOn } from '../effective-policy.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import {
  readSelection,
  SELECTED_AT_MOST,
  type Selected,
  type Selection,
  selectedUsers,
  selectionFields,
} from './selection.js';
import { isInState, type UserState } from './states.js';
import { isDone, type Outcome, type Switched, switchUser, TONES } from './switching.js';

const NAMED = 10;

/** Actions → Enable or Disable Two-Factor: the question with the number of users, and what was done per user. */
export function bulkPages(context: AdminContext) {
  const { directory, navOf, policies, store, present } = context;
  const { say } = present;

  async function select(visit: OrganizationVisit): Promise<{
    selection: Selection;
    selected: readonly Selected[];
  }> {
    const selection = readSelection(visit.req);
    if (selection.users?.length === 0) {
      throw new FieldsError(422, 'invalid_selection', message('admin.bulk.nobody'), {
        users: message('admin.bulk.nobody-field', { most: SELECTED_AT_MOST }),
      });
    }
    const found = await selectedUsers(directory, visit.organization, selection);
    if (selection.users !== null) return { selection, selected: found };
    const selected = await inState(visit, found, selection.state);
    // For a filtered list, users the administrator may not read are skipped silently; the administrator did not name
    // them.
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

  /** The users whom this administrator may read; no count includes the others. */
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
    const effective = await policies.of({ ...admin, tenantId: organization.id });
    return newlyShutsOut(effective, switchedOn(effective, graceOf(selection)), record, store.now());
  }

  async function ask(
    visit: OrganizationVisit,
    selection: Selection,
    selected: readonly Selected[],
    again: { readonly text: Message } | { readonly graceError: Message } | null = null,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const users = await visible(visit, selected);
    const ids = users.map(({ id }) => id);
    const { enable, search, state } = selection;
    const lockout = await locksOut(visit, selection, ids);
    const text = again && 'text' in again ? told(again.text, say) : null;
    const graceError = again && 'graceError' in again ? say(again.graceError) : null;
    const fields = selectionFields(selection, users.length);
    await present.page(req, res, {
      status: graceError ? 422 : text ? 409 : 200,
      view: 'admin/bulk-confirm',
      title: message('admin.bulk.title', { enable: enable ? 'yes' : 'no' }),
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
        again: text?.message ?? null,
        graceError,
        lockout: lockout ? { text: say(message('admin.bulk.lockout')), error: null } : null,
      },
      json: {
        ...(text && { error: 'selection_changed', ...text }),
        ...(graceError && {
          ...{ error: 'invalid_selection', message: graceError },
          fields: { grace: graceError },
        }),
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
          text: message('admin.bulk.changed', { before: selection.count, now: seen.length }),
        });
      }
    }
    const graceUntil = graceOf(selection);
    if (graceUntil !== null && Date.parse(graceUntil) <= store.now()) {
      return ask(visit, selection, selected, {
        graceError: message('admin.bulk.grace-past'),
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
      title: message(enable ? 'admin.result.enabled-title' : 'admin.result.disabled-title'),
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
          outcome: outcomeWords(outcome, reason),
          tone: TONES[outcome],
        })),
      },
      json: { action: enable ? 'enable' : 'disable', done, unchanged, refused, results },
    });
  }

  function outcomeWords(name: Outcome, reason: string | null): string {
    const outcome = say(message(`admin.outcome.${name}`));
    return reason === null
      ? outcome
      : say(message('admin.result.with-reason', { outcome, reason }));
  }

  return { preview, perform };
}

/** A date is the beginning of that day in UTC. */
function graceOf({ enable, grace }: Selection): string | null {
  return enable && grace !== '' ? `${grace}T00:00:00.000Z` : null;
}
