import { isDeepStrictEqual } from 'node:util';
import { message } from '../../messages/english.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { withQuery } from '../links.js';
import type { AuthenticationPages } from './authentication.js';
import { changeWords } from './changes.js';
import { type Current, currentSetting, readCurrent, writeSetting } from './current.js';
import { dryRun } from './dry-run.js';
import type { DryRun } from './dry-run-result.js';
import { hiddenFields } from './form-level.js';
import { type Judgement, judge } from './proposals.js';
import { LOCK_ME_OUT } from './setting-form.js';

type Good = Extract<Judgement, { kind: 'good' }>;

const LOCKOUT = message('admin.preview.lockout-text');

/** The preview of saving a setting, and saving it. Both make the same checks. */
export function savingPages(
  context: AdminContext,
  { showWrong, showConflict }: Pick<AuthenticationPages, 'showWrong' | 'showConflict'>,
) {
  const { navOf, present } = context;
  const { say } = present;

  async function showPreview(
    visit: OrganizationVisit,
    current: Current,
    { proposal, setting, changes, hypothesis, locksOut }: Good,
    refused: boolean,
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const isPartner = organization.kind === 'partner';
    const words = changeWords(changes, say);
    const floorChanged = !isDeepStrictEqual(current.value.clientsMust, setting.clientsMust);
    const run: DryRun = await dryRun(context, visit, hypothesis, {
      withClients: isPartner && floorChanged,
    });
    await present.page(req, res, {
      status: refused ? 422 : 200,
      view: 'admin/preview',
      title: message('admin.preview.title'),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'authentication'),
        notice: null,
        action: at.authentication,
        cancel: at.authentication,
        fields: hiddenFields(current.version, proposal.own, isPartner ? proposal.clients : null),
        changes: words,
        dryRun: run,
        lockout: locksOut
          ? { text: say(LOCKOUT), error: refused ? say(message('admin.preview.tick')) : null }
          : null,
      },
      json: {
        ...(refused && {
          ...{ error: 'would_lock_you_out', message: say(LOCKOUT) },
          fields: { override: say(message('admin.preview.send', { text: LOCK_ME_OUT })) },
        }),
        version: current.version,
        changes: words,
        dryRun: run,
        locksOut,
      },
    });
  }

  /** Judges what was sent; `good` continues with a setting that can be saved. */
  async function judged(
    visit: OrganizationVisit,
    good: (current: Current, judgement: Good) => Promise<void>,
  ): Promise<void> {
    const current = await readCurrent(context, visit);
    const judgement = await judge(context, visit, current);
    switch (judgement.kind) {
      case 'conflict':
        return showConflict(visit, current, judgement);
      case 'wrong':
        return showWrong(visit, judgement);
      case 'good':
        return good(current, judgement);
      default:
        return judgement satisfies never;
    }
  }

  const preview = (visit: OrganizationVisit): Promise<void> =>
    judged(visit, (current, good) => showPreview(visit, current, good, false));

  const save = (visit: OrganizationVisit): Promise<void> =>
    judged(visit, (current, good) => write(visit, current, good));

  async function write(visit: OrganizationVisit, current: Current, good: Good): Promise<void> {
    const { req, res, organization, at } = visit;
    const { setting, changes, proposal, locksOut } = good;
    if (locksOut && !proposal.override) return showPreview(visit, current, good, true);
    if (changes.length === 0) {
      const url = withQuery(at.authentication, { done: 'unchanged' });
      return present.onward(req, res, url, { version: current.version, saved: false });
    }
    const written = await writeSetting(context, visit, current, setting, changes);
    if (written.kind === 'conflict') {
      const now = currentSetting(context.settings, written.current, organization.id);
      return showConflict(visit, now, { kind: 'conflict', proposal });
    }
    present.onward(req, res, withQuery(at.authentication, { done: 'saved' }), {
      version: written.version,
      saved: true,
    });
  }

  return { preview, save };
}
