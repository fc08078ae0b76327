import { together } from '../../awaitable.js';
import { unlessLost } from '../../lost.js';
import { message } from '../../messages/english.js';
import { isolated } from '../../names.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import type { EffectivePolicy } from '../effective-policy.js';
import { forbidden, type OrganizationVisit, type Visit } from '../guard.js';

/** The first page, and the overview of one organization. */
export function organizationPages(context: AdminContext) {
  const { directory, navOf, policies, store, present, titleOf, options, settings } = context;
  const { fromWords, stateOf } = context.words;
  const { say } = present;

  async function show(visit: OrganizationVisit): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const [nav, effective, stored] = await together(
      () => navOf(visit, 'details'),
      () => policies.everybody(organization.id, admin),
      () => unlessLost(() => store.readSetting(organization.id)),
    );
    const setting = settings.organization(stored, organization.id)?.value ?? null;
    const descriptions: Readonly<Record<string, string>> = {
      [at.authentication]: say(message('admin.overview.authentication')),
      [at.clients]: say(message('admin.overview.clients')),
      [at.users]: say(message('admin.overview.users')),
      [at.events]: say(message('admin.overview.events')),
    };
    const methods = effective.policy?.methods ?? [];
    await present.page(req, res, {
      view: 'admin/organization',
      title: isolated(organization.name),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit, present),
        state: stateOf(effective),
        facts: [
          {
            term: say(message('admin.overview.kind')),
            text: say(message(`admin.${organization.kind}`)),
          },
          {
            term: say(message('admin.setting.mode')),
            text: modeWords(effective),
          },
          {
            term: say(message('admin.setting.methods')),
            text: methods.map(titleOf).join(', ') || say(message('admin.overview.none')),
          },
          ...(organization.kind === 'partner'
            ? [
                {
                  term: say(message('admin.setting.clientsMust')),
                  text: setting?.clientsMust
                    ? say(
                        message('admin.overview.clients-must', { mode: setting.clientsMust.mode }),
                      )
                    : say(message('admin.overview.nothing')),
                },
              ]
            : []),
          ...(effective.policy?.graceUntil
            ? [
                {
                  term: say(message('admin.setting.graceUntil')),
                  text: present.moment(effective.policy.graceUntil).text,
                },
              ]
            : []),
          ...(effective.policy?.maxAgeSeconds
            ? [
                {
                  term: say(message('admin.setting.maxAgeSeconds')),
                  text: say(
                    message('time.minutes', { count: effective.policy.maxAgeSeconds / 60 }),
                  ),
                },
              ]
            : []),
        ],
        links: nav.tabs
          .filter(({ href }) => descriptions[href] !== undefined)
          .map(({ label, href }) => ({ label, href, description: descriptions[href] ?? '' })),
      },
      json: {
        organization: organizationJson(organization),
        mode: effective.mode,
        from: effective.from,
        methods,
      },
    });
  }

  function modeWords(effective: EffectivePolicy): string {
    const mode = stateOf(effective).label;
    const from = fromWords(effective);
    return from === '' ? mode : say(message('admin.overview.mode', { mode, from }));
  }

  /**
   * The organization at which this administrator starts. Without the right to read it, they may administer nothing.
   */
  async function home(visit: Visit): Promise<void> {
    const { req, admin } = visit;
    const id = options.start ? await options.start(req) : admin.tenantId;
    const organization = typeof id === 'string' ? await directory.organization(id) : null;
    if (!organization) throw forbidden();
    if (!(await visit.may('organization:read', { kind: 'organization', organization }))) {
      throw forbidden();
    }
    const at = visit.links.organization(organization.id);
    if (await visit.proven(visit.links.home)) await show({ ...visit, organization, at });
  }

  return { home, show };
}
