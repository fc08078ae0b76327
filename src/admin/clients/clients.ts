import { together } from '../../awaitable.js';
import { message } from '../../messages/english.js';
import { isolated } from '../../names.js';
import { inBatches } from '../batches.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import { notFound, type OrganizationVisit } from '../guard.js';
import { listQuery, listView } from '../listing.js';

/** The clients of a partner, with a tick mark where two-factor is on. */
export function clientPages({ directory, navOf, policies, present, words }: AdminContext) {
  const { stateOf, fromWords } = words;

  async function list(visit: OrganizationVisit): Promise<void> {
    const { req, res, admin, organization, at, links } = visit;
    if (organization.kind !== 'partner') throw notFound();
    const query = listQuery(req);
    const [nav, page] = await together(
      () => navOf(visit, 'clients'),
      () => directory.clients(organization.id, query),
    );
    const found = await inBatches(page.items, async (client) => {
      const readable = await visit.may('organization:read', {
        kind: 'organization',
        organization: client,
      });
      return readable ? { client, effective: await policies.everybody(client.id, admin) } : null;
    });
    const rows = found.filter((row) => row !== null);
    const { next } = page;
    const total = rows.length < page.items.length ? null : page.total;
    const list = listView(at.clients, query, { next, total });
    await present.page(req, res, {
      view: 'admin/clients',
      title: message('admin.clients.title', { name: isolated(organization.name) }),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit, present),
        list,
        rows: rows.map(({ client, effective }) => ({
          id: client.id,
          name: client.name,
          href: links.organization(client.id).authentication,
          state: stateOf(effective),
          from: fromWords(effective),
        })),
      },
      json: {
        items: rows.map(({ client, effective }) => ({
          ...organizationJson(client),
          mode: effective.mode,
          from: effective.from,
        })),
        next,
        total,
      },
    });
  }

  return { list };
}
