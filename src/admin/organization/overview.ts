import { together } from '../../awaitable.js';
import { unlessLost } from '../../lost.js';
import { isolated } from '../../names.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import { forbidden, type OrganizationVisit, type Visit } from '../guard.js';
import { count, fromWords, stateOf } from '../wording.js';

/** The first page, and the overview of one organization. */
export function organizationPages(context: AdminContext) {
  const { directory, navOf, standings, store, present, titleOf, options, settings } = context;

  async function show(visit: OrganizationVisit): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const [nav, standing, stored] = await together(
      () => navOf(visit, 'details'),
      () => standings.everybody(organization.id, admin),
      () => unlessLost(() => store.readSetting(organization.id)),
    );
    const setting = settings.organization(stored, organization.id)?.value ?? null;
    const descriptions: Readonly<Record<string, string>> = {
      [at.authentication]: 'Switch two-factor on or off, and choose the mechanisms.',
      [at.clients]: 'The clients of this partner, and what holds for each.',
      [at.users]: 'Switch users on or off, activate or reset them.',
      [at.events]: 'Who did what, and when.',
    };
    const methods = standing.policy?.methods ?? [];
    await present.page(req, res, {
      view: 'admin/organization',
      title: isolated(organization.name),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit),
        state: stateOf(standing),
        facts: [
          { term: 'Kind', text: organization.kind === 'partner' ? 'Partner' : 'Client' },
          {
            term: 'Two-factor',
            text: `${stateOf(standing).label} ${fromWords(standing)}`.trim(),
          },
          { term: 'Mechanisms', text: methods.map(titleOf).join(', ') || 'None' },
          ...(organization.kind === 'partner'
            ? [
                {
                  term: 'Clients must',
                  text: setting?.clientsMust ? `Two-factor ${setting.clientsMust.mode}` : 'Nothing',
                },
              ]
            : []),
          ...(standing.policy?.graceUntil
            ? [
                {
                  term: 'May be postponed until',
                  text: present.moment(standing.policy.graceUntil).text,
                },
              ]
            : []),
          ...(standing.policy?.maxAgeSeconds
            ? [
                {
                  term: 'A proof counts for',
                  text: count(standing.policy.maxAgeSeconds / 60, 'minute'),
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
        mode: standing.mode,
        from: standing.from,
        methods,
      },
    });
  }

  /** The organization at which this administrator starts; whoever may not read it administers nothing. */
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
