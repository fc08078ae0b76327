import { together } from '../../awaitable.js';
import type { BaseSetting, OrganizationSetting, Sentence } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { inOne } from '../../policy/change-words.js';
import { told } from '../../web/refusal.js';
import { type FieldErrors, fieldWords } from '../bodies.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { changeWords, levelLines } from './changes.js';
import { type Current, currentSetting, readCurrent } from './current.js';
import { type FormLevel, formLevel, hiddenFields } from './form-level.js';
import type { AuthenticationLocals } from './locals.js';
import { type SectionRefused, sectionOf } from './method-section.js';
import type { Judgement } from './proposals.js';

/** Shown instead of the stored setting after a refusal. */
interface Refused {
  readonly status: 409 | 422;
  readonly error: 'conflict' | 'invalid_setting';
  readonly message: Sentence;
  readonly own: FormLevel;
  readonly clients: FormLevel;
  readonly errors: FieldErrors;
  readonly conflict: AuthenticationLocals['conflict'];
  readonly json: Readonly<Record<string, unknown>>;
}

export type AuthenticationPages = ReturnType<typeof authenticationPages>;

/** Partner Details → Account Information, and Clients → a client → Authentication Mechanism. */
export function authenticationPages(context: AdminContext) {
  const { navOf, policies, store, present, titleOf, selectable, directory, settings } = context;
  const { reasonsOf, stateOf } = context.words;
  const methods = [...context.methods.values()];

  async function show(
    visit: OrganizationVisit,
    refused: Refused | null = null,
    sectionRefused: SectionRefused | null = null,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const [nav, current, effective, mayChange, floor] = await together(
      () => navOf(visit, 'authentication'),
      () => readCurrent(context, visit),
      () => policies.everybody(organization.id, admin),
      () => visit.may('organization:change', { kind: 'organization', organization }),
      () => floorOf(visit),
    );
    const { value, version, changedBy, changedAt } = current;
    const own = formLevel(value, []);
    const isPartner = organization.kind === 'partner';
    const clients = isPartner ? formLevel(value.clientsMust, methods) : null;
    const enable = value.mode !== 'required';
    const sections = await Promise.all(
      context.withSection.map((method) =>
        sectionOf(context, visit, current, method, mayChange, sectionRefused),
      ),
    );
    const wrong = sectionRefused ?? refused;
    const wrongFields = wrong && fieldWords(wrong.errors, present.say);
    await present.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'admin/authentication',
      title: message(isPartner ? 'admin.account' : 'admin.authentication'),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit, present),
        state: stateOf(effective),
        because: reasonsOf(effective),
        mayChange,
        previewAction: at.preview,
        version,
        changed: changedBy && changedAt ? { by: changedBy, at: present.moment(changedAt) } : null,
        own: refused?.own ?? own,
        clients: clients && (refused?.clients ?? clients),
        methods: selectable,
        floor,
        errors: fieldWords(refused?.errors ?? {}, present.say),
        conflict: refused?.conflict ?? null,
        toggle: mayChange
          ? {
              enable,
              fields: hiddenFields(version, { ...own, mode: enable ? 'required' : 'off' }, clients),
            }
          : null,
        floorViews: context.withSection.flatMap(({ section }) => section.floorView ?? []),
        sections: sections.map(({ view, locals }) => ({ view, locals })),
      },
      json: {
        ...(wrong
          ? { error: wrong.error, ...told(wrong.message, present.say), fields: wrongFields }
          : {}),
        organization: organizationJson(organization),
        version,
        lost: current.lost,
        setting: baseOf(value),
        ...Object.fromEntries(sections.map(({ method, json }) => [method, json])),
        changedBy,
        changedAt,
        effective: {
          mode: effective.mode,
          from: effective.from,
          methods: effective.policy?.methods ?? [],
          because: reasonsOf(effective),
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
    const { value } = currentSetting(settings, await store.readSetting(partnerId), partnerId);
    if (!value.clientsMust) return null;
    const partner = await directory.organization(partnerId);
    const lines = inOne(levelLines(value.clientsMust, titleOf)) ?? '';
    return { partner: partner?.name ?? partnerId, lines: present.say(lines) };
  }

  function showWrong(
    visit: OrganizationVisit,
    { proposal, errors }: Extract<Judgement, { kind: 'wrong' }>,
  ): Promise<void> {
    return show(visit, {
      status: 422,
      error: 'invalid_setting',
      message: message('admin.setting.wrong'),
      own: proposal.own,
      clients: proposal.clients,
      errors,
      conflict: null,
      json: {},
    });
  }

  /** For the second of two administrators: the form shows what is stored now, with their own changes beside it. */
  function showConflict(
    visit: OrganizationVisit,
    current: Current,
    { proposal }: Extract<Judgement, { kind: 'conflict' }>,
  ): Promise<void> {
    const yours = proposal.setting;
    return show(visit, {
      status: 409,
      error: 'conflict',
      message: message('admin.setting.conflict', {
        by: current.changedBy ?? message('admin.setting.somebody'),
      }),
      own: formLevel(current.value, []),
      clients: formLevel(current.value.clientsMust, methods),
      errors: {},
      conflict: {
        by: current.changedBy ?? present.say(message('admin.setting.somebody-else')),
        changes: yours
          ? changeWords(context.changesBetween(current.value, yours), present.say)
          : [],
      },
      json: { yours: yours && baseOf(yours) },
    });
  }

  return {
    show: (visit: OrganizationVisit) => show(visit),
    showSectionRefused: (visit: OrganizationVisit, refused: SectionRefused) =>
      show(visit, null, refused),
    showWrong,
    showConflict,
  };
}

/** Without the methods' own settings, which their sections show. */
function baseOf(setting: OrganizationSetting): BaseSetting {
  const { mode, methods, enrollment, graceUntil, maxAgeSeconds, rememberDays } = setting;
  const { proofs = null, phishingResistant = null, clientsMust } = setting;
  return {
    ...{ mode, methods, enrollment, graceUntil, maxAgeSeconds, rememberDays, proofs },
    phishingResistant,
    clientsMust,
  };
}
