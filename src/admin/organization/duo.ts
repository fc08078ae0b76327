import { z } from 'zod';
import { together } from '../../awaitable.js';
import { RequestError } from '../../errors.js';
import { withDuo } from '../../host/duo-provision.js';
import type { CheckedKeys } from '../../methods/duo/save.js';
import { isWeaker, weakestAllowed } from '../../policy/fallback.js';
import type { DuoSetting, OrganizationSetting } from '../../policy/settings.js';
import { checkbox, readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import { notFound, type OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { newlyShutsOut } from '../standing.js';
import { changesBetween } from './changes.js';
import { dryRun } from './dry-run.js';
import { acceptedShape, readAccepted, typedAccepted } from './duo-accepted.js';
import type { DuoRefused } from './duo-section.js';
import { type Current, currentSetting } from './proposals.js';
import { LOCK_ME_OUT } from './setting-form.js';

const text = z.string().max(200).default('');

const shape = {
  version: z.union([z.int().nonnegative(), z.string().regex(/^\d{1,15}$/)]).transform(Number),
  enabled: z.enum(['yes', 'no']),
  clientId: text,
  clientSecret: text,
  apiHost: text,
  whenUnavailable: z.enum(['deny', 'fall-back-to-totp', 'let-in']).default('deny'),
  lendToClients: checkbox,
  ...acceptedShape,
};

type Fields = z.output<z.ZodObject<typeof shape>>;

/** Clients → a client → Authentication Mechanism → Duo Security: Yes, and the same for a partner. */
export function duoKeyPages(
  context: AdminContext,
  show: (visit: OrganizationVisit, refused: DuoRefused) => Promise<void>,
) {
  const { store, audit, present, standings, titleOf, navOf, checkDuoKeys, keyring } = context;

  const currentOf = async ({ organization }: OrganizationVisit): Promise<Current> =>
    currentSetting(await store.readSetting(organization.id), organization.id);

  async function save(visit: OrganizationVisit): Promise<void> {
    const fields = readBody(visit.req, shape);
    const current = await currentOf(visit);
    if (fields.version !== current.version) return conflict(visit, fields);
    if (fields.enabled === 'no') {
      if (current.value.duo) return askRemoval(visit, current, null);
      return done(visit, 'unchanged', current.version);
    }
    const { accepted, errors } = readAccepted(fields, current.value.duo);
    if (Object.keys(errors).length > 0) {
      const message = 'Say which of Duo’s answers count. Nothing was saved.';
      const refused = { status: 422, error: 'invalid_setting' } as const;
      return show(visit, { ...typed(fields), ...refused, message, errors });
    }
    const limit = await fallbackLimit(visit.organization);
    if (isWeaker(fields.whenUnavailable, limit)) {
      return show(visit, {
        ...typed(fields),
        status: 422,
        error: 'invalid_setting',
        message: 'The partner does not allow this choice. Nothing was saved.',
        errors: { whenUnavailable: 'Your partner does not allow this: choose a safer one.' },
      });
    }
    const { clientId, clientSecret, apiHost } = fields;
    if (!checkDuoKeys) throw notFound();
    const checked = await checkDuoKeys(
      visit.organization.id,
      { clientId, clientSecret, apiHost },
      current.value.duo?.keys ?? null,
    );
    if (checked.kind !== 'checked') return refuse(visit, fields, checked);

    const setting = withDuo(current.value, {
      keys: checked.keys,
      whenUnavailable: fields.whenUnavailable,
      lendToClients: visit.organization.kind === 'partner' && fields.lendToClients,
      ...(accepted && { accepted }),
    });
    if (await concernsOthers(visit, current, setting)) return askWhether(visit, current, setting);
    await write(visit, current, setting, fields);
  }

  async function fallbackLimit(organization: OrganizationVisit['organization']) {
    const { kind, partnerId } = organization;
    if (kind !== 'client' || partnerId === null) return weakestAllowed(null);
    const partner = currentSetting(await store.readSetting(partnerId), partnerId);
    return weakestAllowed(partner.value.clientsMust);
  }

  /** Keys of another account void every activation; keys that are lent no longer leave clients without any. */
  async function concernsOthers(
    { organization: { kind, partnerId } }: OrganizationVisit,
    current: Current,
    next: OrganizationSetting,
  ): Promise<boolean> {
    const { duo } = current.value;
    if (duo?.lendToClients && !next.duo?.lendToClients) return true;
    const partner =
      duo === null && kind === 'client' && partnerId !== null
        ? currentSetting(await store.readSetting(partnerId), partnerId).value.duo
        : null;
    const before = duo ?? (partner?.lendToClients ? partner : null);
    return before !== null && before.keys.apiHost !== next.duo?.keys.apiHost;
  }

  /** What was checked and not saved yet, for the page that asks: sealed, so that it says no secret. */
  const PENDING = (visit: OrganizationVisit) =>
    JSON.stringify(['duo-pending', visit.organization.id, visit.admin.id]);

  function askWhether(
    visit: OrganizationVisit,
    current: Current,
    setting: OrganizationSetting,
  ): Promise<void> {
    const sealed = keyring.seal(Buffer.from(JSON.stringify(setting.duo)), PENDING(visit));
    return ask(visit, current, null, {
      setting,
      pending: Buffer.from(sealed).toString('base64url'),
    });
  }

  /** POST: saves what the page before has asked about. */
  async function replace(visit: OrganizationVisit): Promise<void> {
    const { version, override, pending } = readBody(visit.req, {
      version: shape.version,
      override: z.literal(LOCK_ME_OUT).optional(),
      pending: z.string().max(4000),
    });
    const current = await currentOf(visit);
    if (version !== current.version) return conflict(visit, null);
    let opened: Uint8Array;
    try {
      opened = keyring.open(Buffer.from(pending, 'base64url'), PENDING(visit));
    } catch {
      throw new RequestError(400, 'invalid_request', 'The form was not understood: start again.');
    }
    const duo = JSON.parse(Buffer.from(opened).toString()) as DuoSetting;
    const setting = withDuo(current.value, duo);
    if (!override && (await locks(visit, hypothesisOf(visit, current, setting)))) {
      return ask(visit, current, 'Tick this box, or go back.', { setting, pending });
    }
    await write(visit, current, setting, null);
  }

  function refuse(
    visit: OrganizationVisit,
    fields: Fields,
    checked: Exclude<CheckedKeys, { kind: 'checked' }>,
  ): Promise<void> {
    switch (checked.kind) {
      case 'malformed':
        return show(visit, {
          ...typed(fields),
          status: 422,
          error: 'invalid_keys',
          message: 'These are not keys of Duo yet. Nothing was saved.',
          errors: checked.errors,
        });
      case 'rejected':
      case 'unreachable': {
        const { kind, message, suspect } = checked;
        return show(visit, {
          ...typed(fields),
          status: kind === 'rejected' ? 422 : 503,
          error: kind === 'rejected' ? 'duo_rejected' : 'duo_unreachable',
          message,
          errors: suspect === null ? {} : { [suspect]: message },
        });
      }
      default:
        return checked satisfies never;
    }
  }

  function conflict(visit: OrganizationVisit, fields: Fields | null): Promise<void> {
    return show(visit, {
      ...(fields ? typed(fields) : { typed: null }),
      status: 409,
      error: 'conflict',
      message:
        'Somebody has changed this setting meanwhile. Nothing was saved: look at what holds now, and decide again.',
      errors: {},
    });
  }

  async function write(
    visit: OrganizationVisit,
    current: Current,
    setting: OrganizationSetting,
    fields: Fields | null,
  ): Promise<void> {
    const { req, admin, organization } = visit;
    const changes = changesBetween(current.value, setting, titleOf);
    if (changes.length === 0) return done(visit, 'unchanged', current.version);
    const written = await store.writeSetting(organization.id, {
      value: setting,
      changedBy: admin.label,
      expectedVersion: current.version,
    });
    if (written.kind === 'conflict') return conflict(visit, fields);
    audit.record('setting.changed', {
      organizationId: organization.id,
      actorId: admin.id,
      from: req.ip ?? null,
      detail: changes.map(({ label, from, to }) => `${label}: ${from} → ${to}`).join('; '),
    });
    done(visit, 'saved', written.version);
  }

  function done({ req, res, at }: OrganizationVisit, what: string, version: number): void {
    const url = withQuery(at.authentication, { done: what });
    present.onward(req, res, url, { version, saved: what === 'saved' });
  }

  const askRemoval = (visit: OrganizationVisit, current: Current, wrong: string | null) =>
    ask(visit, current, wrong, { setting: withoutDuo(current.value), pending: null });

  /** Before keys are removed or replaced by those of others: whom that would leave without a method. */
  async function ask(
    visit: OrganizationVisit,
    current: Current,
    wrong: string | null,
    { setting, pending }: { setting: OrganizationSetting; pending: string | null },
  ): Promise<void> {
    const { req, res, admin, at } = visit;
    const hypothesis = hypothesisOf(visit, current, setting);
    const withClients = current.value.duo?.lendToClients === true;
    const run = await dryRun(context, visit, hypothesis, { withClients });
    const locksOut = await locks(visit, hypothesis);
    await present.page(req, res, {
      status: wrong === null ? 200 : 422,
      view: 'admin/duo-remove',
      title: pending === null ? 'Remove the keys of Duo' : 'Other keys of Duo',
      subject: admin,
      locals: {
        nav: await navOf(visit, 'authentication'),
        notice: null,
        action: pending === null ? at.duoRemove : at.duoReplace,
        pending,
        cancel: at.authentication,
        version: current.version,
        changes: changesBetween(current.value, setting, titleOf),
        dryRun: run,
        lockout: locksOut ? { error: wrong } : null,
      },
      json: {
        ...(wrong !== null && { error: 'would_lock_you_out', message: wrong }),
        next: 'confirm',
        ...(pending !== null && { pending, url: at.duoReplace }),
        version: current.version,
        dryRun: run,
        locksOut,
      },
    });
  }

  async function remove(visit: OrganizationVisit): Promise<void> {
    const { version, override } = readBody(visit.req, {
      version: shape.version,
      override: z.literal(LOCK_ME_OUT).optional(),
    });
    const current = await currentOf(visit);
    if (version !== current.version) return conflict(visit, null);
    if (!current.value.duo) return done(visit, 'unchanged', current.version);
    const setting = withoutDuo(current.value);
    if (!override && (await locks(visit, hypothesisOf(visit, current, setting)))) {
      return askRemoval(visit, current, 'Tick this box, or go back.');
    }
    await write(visit, current, setting, null);
  }

  function hypothesisOf(
    { organization, admin }: OrganizationVisit,
    { version }: Current,
    value: OrganizationSetting,
  ) {
    const changedAt = new Date(store.now());
    return {
      organizationId: organization.id,
      setting: { value, version: version + 1, changedBy: admin.label, changedAt },
    };
  }

  async function locks(
    { admin }: OrganizationVisit,
    hypothesis: ReturnType<typeof hypothesisOf>,
  ): Promise<boolean> {
    const [record, before, after] = await together(
      () => store.readSubject(admin.id),
      () => standings.of(admin),
      () => standings.of(admin, hypothesis),
    );
    return newlyShutsOut(before, after, record, store.now());
  }

  return { save, remove, replace };
}

/** A list that named Duo alone becomes any mechanism: one that is accepted by nobody lets nobody in. */
function withoutDuo({ methods, ...setting }: OrganizationSetting): OrganizationSetting {
  const left = methods?.filter((name) => name !== 'duo') ?? [];
  return { ...setting, methods: left.length > 0 ? left : null, duo: null };
}

/** What fills the form again: never the secret. */
function typed(fields: Fields) {
  const { clientId, apiHost, whenUnavailable, lendToClients } = fields;
  return {
    typed: { clientId, apiHost, whenUnavailable, lendToClients },
    typedAccepted: typedAccepted(fields),
  };
}
