import { together } from '../../awaitable.js';
import type { OrganizationSetting } from '../../policy/settings.js';
import type { FieldErrors } from '../bodies.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import type { AuthenticationLocals } from '../locals.js';
import { becauseOf, stateOf } from '../wording.js';
import { changesBetween, levelLines } from './changes.js';
import { type DuoRefused, duoJson, duoSection } from './duo-section.js';
import { type Current, currentSetting, type Judgement, readCurrent } from './proposals.js';
import { type FormLevel, formLevel, hiddenFields } from './setting-form.js';

/** What is shown in place of the stored setting after a refusal. */
interface Refused {
  readonly status: 409 | 422;
  readonly error: 'conflict' | 'invalid_setting';
  readonly message: string;
  readonly own: FormLevel;
  readonly clients: FormLevel;
  readonly errors: FieldErrors;
  readonly conflict: AuthenticationLocals['conflict'];
  readonly json: Readonly<Record<string, unknown>>;
}

export type AuthenticationPages = ReturnType<typeof authenticationPages>;

/** Partner Details → Account Information, and Clients → a client → Authentication Mechanism. */
export function authenticationPages(context: AdminContext) {
  const { navOf, standings, store, present, titleOf, selectable, directory, checkDuoKeys } =
    context;

  const currentOf = ({ organization }: OrganizationVisit): Promise<Current> =>
    readCurrent(store, organization.id);

  async function show(
    visit: OrganizationVisit,
    refused: Refused | null = null,
    duoRefused: DuoRefused | null = null,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const [nav, current, standing, mayChange, floor] = await together(
      () => navOf(visit, 'authentication'),
      () => currentOf(visit),
      () => standings.everybody(organization.id, admin),
      () => visit.may('organization:change', { kind: 'organization', organization }),
      () => floorOf(visit),
    );
    const { value, version, changedBy, changedAt } = current;
    const own = formLevel(value);
    const isPartner = organization.kind === 'partner';
    const clients = isPartner ? formLevel(value.clientsMust) : null;
    const enable = value.mode !== 'required';
    const duo = checkDuoKeys && (await duoSection(context, visit, current, mayChange, duoRefused));
    const wrong = duoRefused ?? refused;
    await present.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'admin/authentication',
      title: isPartner ? 'Account Information' : 'Authentication Mechanism',
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit),
        state: stateOf(standing),
        because: becauseOf(standing),
        mayChange,
        previewAction: at.preview,
        version,
        changed: changedBy && changedAt ? { by: changedBy, at: present.moment(changedAt) } : null,
        own: refused?.own ?? own,
        clients: clients && (refused?.clients ?? clients),
        methods: selectable,
        floor,
        errors: refused?.errors ?? {},
        conflict: refused?.conflict ?? null,
        toggle: mayChange
          ? {
              enable,
              fields: hiddenFields(version, { ...own, mode: enable ? 'required' : 'off' }, clients),
            }
          : null,
        duo,
      },
      json: {
        ...(wrong ? { error: wrong.error, message: wrong.message, fields: wrong.errors } : {}),
        organization: organizationJson(organization),
        version,
        lost: current.lost,
        setting: withoutKeys(value),
        duo: duo && duoJson(value, duo),
        changedBy,
        changedAt,
        effective: {
          mode: standing.mode,
          from: standing.from,
          methods: standing.policy?.methods ?? [],
          because: becauseOf(standing),
        },
        selectable: selectable.map(({ name }) => name),
        mayChange,
        ...refused?.json,
      },
    });
  }

  async function floorOf({
    organization,
  }: OrganizationVisit): Promise<AuthenticationLocals['floor']> {
    const { kind, partnerId } = organization;
    if (kind !== 'client' || partnerId === null) return null;
    const { value } = currentSetting(await store.readSetting(partnerId), partnerId);
    if (!value.clientsMust) return null;
    const partner = await directory.organization(partnerId);
    return { partner: partner?.name ?? partnerId, lines: levelLines(value.clientsMust, titleOf) };
  }

  function showWrong(
    visit: OrganizationVisit,
    { proposal, errors }: Extract<Judgement, { kind: 'wrong' }>,
  ): Promise<void> {
    return show(visit, {
      status: 422,
      error: 'invalid_setting',
      message: 'This setting contradicts itself or is incomplete. Nothing was saved.',
      own: proposal.own,
      clients: proposal.clients,
      errors,
      conflict: null,
      json: {},
    });
  }

  /** The second of two administrators: what is stored now fills the form, what they sent stands beside it. */
  function showConflict(
    visit: OrganizationVisit,
    current: Current,
    { proposal }: Extract<Judgement, { kind: 'conflict' }>,
  ): Promise<void> {
    const yours = proposal.setting;
    return show(visit, {
      status: 409,
      error: 'conflict',
      message: `${current.changedBy ?? 'Somebody'} has changed this setting meanwhile. Nothing of yours was saved: look at what holds now, and decide again.`,
      own: formLevel(current.value),
      clients: formLevel(current.value.clientsMust),
      errors: {},
      conflict: {
        by: current.changedBy ?? 'Somebody else',
        changes: yours ? changesBetween(current.value, yours, titleOf) : [],
      },
      json: { yours: yours && withoutKeys(yours) },
    });
  }

  return {
    show: (visit: OrganizationVisit) => show(visit),
    showDuoRefused: (visit: OrganizationVisit, refused: DuoRefused) => show(visit, null, refused),
    showWrong,
    showConflict,
  };
}

/** Duo's keys are another page's: nothing of them is shown here. */
function withoutKeys({ duo: _duo, ...setting }: OrganizationSetting) {
  return setting;
}
