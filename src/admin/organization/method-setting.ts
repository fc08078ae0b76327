import { z } from 'zod';
import { together } from '../../awaitable.js';
import type {
  Message,
  MethodName,
  OrganizationSetting,
  PolicyMethod,
  SettingPlace,
  SettingRefused,
  SettingSection,
} from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import type { Hypothesis } from '../../policy/organization-policy.js';
import { storedOf, withStored } from '../../policy/settings.js';
import { fieldWords, readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { newlyShutsOut } from '../standing.js';
import { changesInOne, changeWords } from './changes.js';
import { dryRun } from './dry-run.js';
import { type Current, currentSetting } from './proposals.js';
import { LOCK_ME_OUT } from './setting-form.js';

/** What a method's section is told when nothing was saved. */
export interface SectionRefused extends SettingRefused {
  readonly method: MethodName;
  /** What was sent, to be shown again; null: what holds is shown. */
  readonly typed: Readonly<Record<string, unknown>> | null;
}

export type MethodWithSection = PolicyMethod & { readonly section: SettingSection };

type ShowRefused = (visit: OrganizationVisit, refused: SectionRefused) => Promise<void>;

const version = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,15}$/)]).transform(Number);
const override = z.literal(LOCK_ME_OUT).optional();

/** What a method's section looks at: the organization's own setting, and its partner's. */
async function placeOf(
  { store, directory, settings }: Pick<AdminContext, 'store' | 'directory' | 'settings'>,
  { organization }: Pick<OrganizationVisit, 'organization'>,
  { value }: Pick<Current, 'value'>,
  method: MethodName,
): Promise<SettingPlace> {
  const { kind, partnerId } = organization;
  const stored = storedOf(value, method);
  if (kind !== 'client' || partnerId === null) return { organization, stored, partner: null };
  const above = currentSetting(settings, await store.readSetting(partnerId), partnerId).value;
  const name = (await directory.organization(partnerId))?.name ?? partnerId;
  const partner = { name, stored: storedOf(above, method), floor: above.clientsMust };
  return { organization, stored, partner };
}

/**
 * What an organization sets for one method: saved, replaced or removed by itself, apart from the rest of its setting.
 * What takes something from others is asked about first, with whom it concerns.
 */
export function methodSettingPages(
  context: AdminContext,
  own: MethodWithSection,
  showRefused: ShowRefused,
) {
  const { store, audit, present, standings, navOf, keyring, settings, changesBetween } = context;
  const { name: method, section } = own;

  const currentOf = async ({ organization }: OrganizationVisit): Promise<Current> =>
    currentSetting(settings, await store.readSetting(organization.id), organization.id);

  const withOwn = (current: Current, stored: unknown): OrganizationSetting =>
    withStored(current.value, own, stored);

  const pagesOf = ({ at }: OrganizationVisit) => at.ofMethod(method);

  async function save(visit: OrganizationVisit): Promise<void> {
    const { version: from, ...fields } = readBody(visit.req, { version, ...section.fields });
    const current = await currentOf(visit);
    if (from !== current.version) return conflict(visit, fields);
    const place = await placeOf(context, visit, current, method);
    const read = await section.read(fields, place);
    if (read.kind === 'refused') return showRefused(visit, { ...read, method, typed: fields });
    const { stored } = read;
    if (stored === null) {
      if (place.stored !== null) return ask(visit, current, null, null);
      return done(visit, 'unchanged', current.version);
    }
    if (section.asksFirst(place, stored)) return ask(visit, current, null, stored);
    await write(visit, current, withOwn(current, stored), fields);
  }

  /** What was read and not saved yet, for the page that asks: sealed, so that it says no secret. */
  const pendingContext = ({ organization, admin }: OrganizationVisit) =>
    JSON.stringify([`${method}-pending`, organization.id, admin.id]);

  function sealPending(visit: OrganizationVisit, stored: unknown): string {
    const plain = Buffer.from(JSON.stringify(stored));
    return Buffer.from(keyring.seal(plain, pendingContext(visit))).toString('base64url');
  }

  function openPending(visit: OrganizationVisit, pending: string): unknown {
    try {
      const sealed = Buffer.from(pending, 'base64url');
      return JSON.parse(Buffer.from(keyring.open(sealed, pendingContext(visit))).toString());
    } catch {
      throw new RequestError(400, 'invalid_request', message('admin.setting.start-again'));
    }
  }

  /** POST: saves what the page before has asked about. */
  async function replace(visit: OrganizationVisit): Promise<void> {
    const sent = readBody(visit.req, { version, override, pending: z.string().max(8000) });
    const current = await currentOf(visit);
    if (sent.version !== current.version) return conflict(visit, null);
    await agreed(visit, current, openPending(visit, sent.pending), sent.override !== undefined);
  }

  async function remove(visit: OrganizationVisit): Promise<void> {
    const sent = readBody(visit.req, { version, override });
    const current = await currentOf(visit);
    if (sent.version !== current.version) return conflict(visit, null);
    if (storedOf(current.value, method) === null) return done(visit, 'unchanged', current.version);
    await agreed(visit, current, null, sent.override !== undefined);
  }

  async function agreed(
    visit: OrganizationVisit,
    current: Current,
    stored: unknown,
    overridden: boolean,
  ): Promise<void> {
    const setting = withOwn(current, stored);
    if (!overridden && (await locks(visit, hypothesisOf(visit, current, setting)))) {
      return ask(visit, current, message('admin.preview.tick'), stored);
    }
    await write(visit, current, setting, null);
  }

  function conflict(visit: OrganizationVisit, typed: SectionRefused['typed']): Promise<void> {
    return showRefused(visit, {
      ...{ kind: 'refused', method, typed, status: 409, error: 'conflict' },
      message: message('admin.setting.conflict-method'),
      errors: {},
    });
  }

  async function write(
    visit: OrganizationVisit,
    current: Current,
    setting: OrganizationSetting,
    typed: SectionRefused['typed'],
  ): Promise<void> {
    const { req, admin, organization } = visit;
    const changes = changesBetween(current.value, setting);
    if (changes.length === 0) return done(visit, 'unchanged', current.version);
    const written = await store.writeSetting(organization.id, {
      value: setting,
      changedBy: admin.label,
      expectedVersion: current.version,
    });
    if (written.kind === 'conflict') return conflict(visit, typed);
    audit.record('setting.changed', {
      organizationId: organization.id,
      actorId: admin.id,
      from: req.ip ?? null,
      detail: changesInOne(changes),
    });
    done(visit, 'saved', written.version);
  }

  function done({ req, res, at }: OrganizationVisit, what: string, saved: number): void {
    const url = withQuery(at.authentication, { done: what });
    present.onward(req, res, url, { version: saved, saved: what === 'saved' });
  }

  /** Before something is removed or replaced: whom that would leave without a method. */
  async function ask(
    visit: OrganizationVisit,
    current: Current,
    refusal: Message | null,
    stored: unknown,
  ): Promise<void> {
    const { req, res, admin, at } = visit;
    const setting = withOwn(current, stored);
    const hypothesis = hypothesisOf(visit, current, setting);
    const before = storedOf(current.value, method);
    const withClients = before !== null && section.concernsClients(before);
    const run = await dryRun(context, visit, hypothesis, { withClients });
    const locksOut = await locks(visit, hypothesis);
    const urls = pagesOf(visit);
    const pending = stored === null ? null : sealPending(visit, stored);
    const { title, heading, text, left } = section.asking[pending === null ? 'remove' : 'replace'];
    const wrong = refusal && present.say(refusal);
    await present.page(req, res, {
      status: wrong === null ? 200 : 422,
      view: 'admin/confirm-setting',
      title,
      subject: admin,
      locals: {
        nav: await navOf(visit, 'authentication'),
        notice: null,
        action: pending === null ? urls.remove : urls.replace,
        pending,
        cancel: at.authentication,
        version: current.version,
        words: { heading: present.say(heading), text: present.say(text), left: present.say(left) },
        changes: changeWords(changesBetween(current.value, setting), present.say),
        dryRun: run,
        lockout: locksOut ? { error: wrong } : null,
      },
      json: {
        ...(wrong !== null && { error: 'would_lock_you_out', message: wrong }),
        next: 'confirm',
        ...(pending !== null && { pending, url: urls.replace }),
        version: current.version,
        dryRun: run,
        locksOut,
      },
    });
  }

  function hypothesisOf(
    { organization, admin }: OrganizationVisit,
    current: Current,
    value: OrganizationSetting,
  ): Hypothesis {
    const changedAt = new Date(store.now());
    const stamp = { version: current.version + 1, changedBy: admin.label, changedAt };
    return { organizationId: organization.id, setting: { value, ...stamp } };
  }

  async function locks({ admin }: OrganizationVisit, hypothesis: Hypothesis): Promise<boolean> {
    const [record, before, after] = await together(
      () => store.readSubject(admin.id),
      () => standings.of(admin),
      () => standings.of(admin, hypothesis),
    );
    return newlyShutsOut(before, after, record, store.now());
  }

  return { save, remove, replace };
}

/** The part of the page that is a method's own. */
export async function sectionOf(
  context: AdminContext,
  visit: OrganizationVisit,
  current: Current,
  { name: method, section }: MethodWithSection,
  mayChange: boolean,
  refused: SectionRefused | null,
) {
  const place = await placeOf(context, visit, current, method);
  const own = refused?.method === method ? refused : null;
  return {
    method,
    view: section.view,
    locals: {
      ...section.locals(place, own?.typed ?? null),
      ...{ action: visit.at.ofMethod(method).save, version: current.version, mayChange },
      wrong: fieldWords(own?.errors ?? {}, context.present.say),
      message: own && context.present.say(own.message),
    },
    json: section.json(place),
  };
}
