import { z } from 'zod';
import type { Message, OrganizationSetting } from '../../contracts.js';
import { RequestError, UnavailableError } from '../../errors.js';
import { message } from '../../messages/english.js';
import { storedOf, withStored } from '../../policy/settings.js';
import { readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { changeWords } from './changes.js';
import { type Current, changesTo, readCurrent, writeSetting } from './current.js';
import { dryRun } from './dry-run.js';
import { hypothesisOf, wouldLockOut } from './hypothesis.js';
import { placeOf, type SectionRefused } from './method-section.js';
import type { MethodWithSection } from './method-with-section.js';
import { LOCK_ME_OUT } from './setting-form.js';

type ShowRefused = (visit: OrganizationVisit, refused: SectionRefused) => Promise<void>;

const version = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,15}$/)]).transform(Number);
const override = z.literal(LOCK_ME_OUT).optional();

/**
 * An organization's setting for one method, which is saved, replaced or removed apart from the rest. A change that
 * takes something from users is confirmed first, with whom it concerns.
 */
export function methodSettingPages(
  context: AdminContext,
  own: MethodWithSection,
  showRefused: ShowRefused,
) {
  const { present, navOf, keyring } = context;
  const { name: method, section } = own;

  /** Throws ERR_METHOD for a setting that the method could not read again, which would lock everybody out. */
  function withOwn(current: Current, stored: unknown): OrganizationSetting {
    const read = own.settings?.stored.nullable().safeParse(stored);
    if (read?.success) return withStored(current.value, own, read.data);
    throw new UnavailableError(
      'ERR_METHOD',
      `what section.read of ${method} gives is not what its settings.stored takes`,
    );
  }

  const pagesOf = ({ at }: OrganizationVisit) => at.ofMethod(method);

  async function save(visit: OrganizationVisit): Promise<void> {
    const { version: seen, ...fields } = readBody(visit.req, { version, ...section.fields });
    const current = await readCurrent(context, visit);
    if (seen !== current.version) return conflict(visit, fields);
    const place = await placeOf(context, visit, current, method);
    const read = await section.read(fields, place);
    if (read.kind === 'refused') return showRefused(visit, { ...read, method, typed: fields });
    const { stored } = read;
    if (stored === null) {
      if (place.stored !== null) return ask(visit, current, null, null);
      return done(visit, 'unchanged', current.version);
    }
    const setting = withOwn(current, stored);
    const locks = () =>
      wouldLockOut(context, visit, hypothesisOf(context, visit, current, setting));
    if (current.lost || section.asksFirst(place, stored) || (await locks())) {
      return ask(visit, current, null, stored);
    }
    await write(visit, current, setting, fields);
  }

  /** The setting that the confirmation page carries, not saved yet: sealed, since it may hold secrets. */
  const pendingContext = ({ organization, admin }: OrganizationVisit, current: Current) =>
    JSON.stringify([`${method}-pending`, organization.id, admin.id, current.version]);

  function sealPending(visit: OrganizationVisit, current: Current, stored: unknown): string {
    const plain = Buffer.from(JSON.stringify(stored));
    return Buffer.from(keyring.seal(plain, pendingContext(visit, current))).toString('base64url');
  }

  function openPending(visit: OrganizationVisit, current: Current, pending: string): unknown {
    try {
      const sealed = Buffer.from(pending, 'base64url');
      const plain = keyring.open(sealed, pendingContext(visit, current));
      return JSON.parse(Buffer.from(plain).toString());
    } catch {
      throw new RequestError(400, 'invalid_request', message('admin.setting.start-again'));
    }
  }

  /** POST: saves the setting that the page before asked to confirm. */
  async function replace(visit: OrganizationVisit): Promise<void> {
    const sent = readBody(visit.req, { version, override, pending: z.string().max(8000) });
    const current = await readCurrent(context, visit);
    if (sent.version !== current.version) return conflict(visit, null);
    await writeConfirmed(
      visit,
      current,
      openPending(visit, current, sent.pending),
      sent.override !== undefined,
    );
  }

  async function remove(visit: OrganizationVisit): Promise<void> {
    const sent = readBody(visit.req, { version, override });
    const current = await readCurrent(context, visit);
    if (sent.version !== current.version) return conflict(visit, null);
    if (storedOf(current.value, method) === null) return done(visit, 'unchanged', current.version);
    await writeConfirmed(visit, current, null, sent.override !== undefined);
  }

  async function writeConfirmed(
    visit: OrganizationVisit,
    current: Current,
    stored: unknown,
    overridden: boolean,
  ): Promise<void> {
    const setting = withOwn(current, stored);
    if (
      !overridden &&
      (await wouldLockOut(context, visit, hypothesisOf(context, visit, current, setting)))
    ) {
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
    const changes = changesTo(context, current, setting);
    if (changes.length === 0) return done(visit, 'unchanged', current.version);
    const written = await writeSetting(context, visit, current, setting, changes);
    if (written.kind === 'conflict') return conflict(visit, typed);
    done(visit, 'saved', written.version);
  }

  function done({ req, res, at }: OrganizationVisit, what: string, saved: number): void {
    const url = withQuery(at.authentication, { done: what });
    present.onward(req, res, url, { version: saved, saved: what === 'saved' });
  }

  /** The confirmation page: whom removing or replacing the setting would leave without a method. */
  async function ask(
    visit: OrganizationVisit,
    current: Current,
    refusal: Message | null,
    stored: unknown,
  ): Promise<void> {
    const { req, res, admin, at } = visit;
    const setting = withOwn(current, stored);
    const hypothesis = hypothesisOf(context, visit, current, setting);
    const before = storedOf(current.value, method);
    const withClients = before !== null && section.concernsClients(before);
    const run = await dryRun(context, visit, hypothesis, { withClients });
    const locksOut = await wouldLockOut(context, visit, hypothesis);
    const urls = pagesOf(visit);
    const pending = stored === null ? null : sealPending(visit, current, stored);
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
        changes: changeWords(changesTo(context, current, setting), present.say),
        dryRun: run,
        lockout: locksOut ? { error: wrong } : null,
      },
      json: {
        ...(wrong !== null && { error: 'would_lock_you_out', message: wrong }),
        next: 'confirm',
        ...(pending !== null && { pending }),
        url: pending === null ? urls.remove : urls.replace,
        version: current.version,
        dryRun: run,
        locksOut,
      },
    });
  }

  return { save, remove, replace };
}
