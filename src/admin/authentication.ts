import type { OrganizationSetting } from '../policy/settings.js';
import type { FieldErrors } from './bodies.js';
import { changesBetween, levelLines } from './changes.js';
import { type AdminContext, noticeOf, organizationJson } from './context.js';
import { type DryRun, dryRun } from './dry-run.js';
import { type DuoRefused, duoJson, duoSection } from './duo-section.js';
import type { OrganizationVisit } from './guard.js';
import { withQuery } from './links.js';
import type { AuthenticationLocals } from './locals.js';
import { type Current, currentSetting, type Judgement, judge } from './proposals.js';
import { type FormLevel, formLevel, hiddenFields, LOCK_ME_OUT } from './setting-form.js';
import { becauseOf, stateOf } from './wording.js';

type Good = Extract<Judgement, { kind: 'good' }>;

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

const LOCKOUT = {
  error: 'would_lock_you_out',
  message:
    'You have not activated any of the mechanisms that this setting demands of you. Activate one first; otherwise you will be shut out until you have.',
};

/** Partner Details → Account Information, and Clients → a client → Authentication Mechanism. */
export function authenticationPages(context: AdminContext) {
  const { navOf, standings, store, present, audit, titleOf, selectable, directory } = context;

  const currentOf = async ({ organization }: OrganizationVisit): Promise<Current> =>
    currentSetting(await store.readSetting(organization.id), organization.id);

  async function show(
    visit: OrganizationVisit,
    refused: Refused | null = null,
    duoRefused: DuoRefused | null = null,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const [nav, current, standing, mayChange, floor] = await Promise.all([
      navOf(visit, 'authentication'),
      currentOf(visit),
      standings.everybody(organization.id, admin),
      visit.may('organization:change', { kind: 'organization', organization }),
      floorOf(visit),
    ]);
    const { value, version, changedBy, changedAt } = current;
    const own = formLevel(value);
    const isPartner = organization.kind === 'partner';
    const clients = isPartner ? formLevel(value.clientsMust) : null;
    const enable = value.mode !== 'required';
    const duo = await duoSection(context, visit, current, mayChange, duoRefused);
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
        setting: withoutKeys(value),
        duo: duoJson(value, duo),
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

  async function showPreview(
    visit: OrganizationVisit,
    current: Current,
    { proposal, changes, hypothesis, locksOut }: Good,
    refused: boolean,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const isPartner = organization.kind === 'partner';
    const floorChanged = changes.some(({ field }) => field.startsWith('clientsMust'));
    const run: DryRun = await dryRun(context, organization, hypothesis, {
      withClients: isPartner && floorChanged,
    });
    await present.page(req, res, {
      status: refused ? 422 : 200,
      view: 'admin/preview',
      title: 'What would change',
      subject: admin,
      locals: {
        nav: await navOf(visit, 'authentication'),
        notice: null,
        action: at.authentication,
        cancel: at.authentication,
        fields: hiddenFields(current.version, proposal.own, isPartner ? proposal.clients : null),
        changes,
        dryRun: run,
        lockout: locksOut
          ? { text: LOCKOUT.message, error: refused ? 'Tick this box, or go back.' : null }
          : null,
      },
      json: {
        ...(refused ? { ...LOCKOUT, fields: { override: `Send "${LOCK_ME_OUT}".` } } : {}),
        version: current.version,
        changes,
        dryRun: run,
        locksOut,
      },
    });
  }

  async function preview(visit: OrganizationVisit): Promise<void> {
    const current = await currentOf(visit);
    const judgement = await judge(context, visit, current);
    switch (judgement.kind) {
      case 'conflict':
        return showConflict(visit, current, judgement);
      case 'wrong':
        return showWrong(visit, judgement);
      case 'good':
        return showPreview(visit, current, judgement, false);
      default:
        return judgement satisfies never;
    }
  }

  async function save(visit: OrganizationVisit): Promise<void> {
    const current = await currentOf(visit);
    const judgement = await judge(context, visit, current);
    switch (judgement.kind) {
      case 'conflict':
        return showConflict(visit, current, judgement);
      case 'wrong':
        return showWrong(visit, judgement);
      case 'good':
        return write(visit, current, judgement);
      default:
        return judgement satisfies never;
    }
  }

  async function write(visit: OrganizationVisit, current: Current, good: Good): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const { setting, changes, proposal, locksOut } = good;
    if (locksOut && !proposal.override) return showPreview(visit, current, good, true);
    if (changes.length === 0) {
      const url = withQuery(at.authentication, { done: 'unchanged' });
      return present.onward(req, res, url, { version: current.version, saved: false });
    }
    const written = await store.writeSetting(organization.id, {
      value: setting,
      changedBy: admin.label,
      expectedVersion: current.version,
    });
    if (written.kind === 'conflict') {
      const now = currentSetting(written.current, organization.id);
      return showConflict(visit, now, { kind: 'conflict', proposal });
    }
    audit.record('setting.changed', {
      organizationId: organization.id,
      actorId: admin.id,
      from: req.ip ?? null,
      detail: changes
        .map(({ label, from, to }) => `${label}: ${from} → ${to}`)
        .join('; ')
        .slice(0, 500),
    });
    present.onward(req, res, withQuery(at.authentication, { done: 'saved' }), {
      version: written.version,
      saved: true,
    });
  }

  return {
    show: (visit: OrganizationVisit) => show(visit),
    showDuoRefused: (visit: OrganizationVisit, refused: DuoRefused) => show(visit, null, refused),
    preview,
    save,
  };
}

/** Duo's keys are another page's: nothing of them is shown here. */
function withoutKeys({ duo: _duo, ...setting }: OrganizationSetting) {
  return setting;
}
