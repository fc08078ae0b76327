import { createHash } from 'node:crypto';
import type { Rejected } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import type { FindableMethod } from '../../methods/bound-method.js';
import { answerFields, formLocals, jsonOf } from '../../methods/method-form.js';
import { isolated } from '../../names.js';
import { wantsHtml } from '../../web/accept.js';
import { readFields } from '../../web/fields.js';
import { outage, type Refusal, refusedWords } from '../../web/refusal.js';
import { type AdminContext, organizationJson } from '../context.js';
import { notFound, type OrganizationVisit } from '../guard.js';
import type { FoundView } from './locals.js';
import { type Owner, ownerOf } from './owner.js';

type Wrong = Pick<Refusal, 'status' | 'error' | 'message'>;

/** How many keys one administrator may look up in 15 minutes. */
const LOOKS = { most: 30, windowMs: 15 * 60 * 1000 } as const;

/** Users → Look up a key: tells whose a found authenticator is. */
export function lookUpPages(context: AdminContext) {
  const { findable, store, audit, present, navOf, titleOf, onError } = context;
  const { sentences } = present;

  function methodOf({ req }: OrganizationVisit): FindableMethod {
    const { method: named } = req.params;
    const found = named === undefined ? findable[0] : findable.find(({ name }) => name === named);
    if (!found) throw notFound();
    return found;
  }

  const contextOf = ({ req, admin, situation, organization }: OrganizationVisit) => ({
    ...{ subject: admin, session: situation.session, organizationId: organization.id },
    place: context.placeOf(req),
  });

  async function countLookUp({ admin }: OrganizationVisit): Promise<void> {
    const id = createHash('sha256')
      .update(JSON.stringify(['look-up', admin.id]))
      .digest('base64url');
    const until = await store.countUse(id, LOOKS);
    if (until === null) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((until - store.now()) / 1000));
    const minutes = Math.ceil(retryAfterSeconds / 60);
    throw new RequestError(
      429,
      'too_many_lookups',
      message('admin.look-up.too-often', { minutes }),
      null,
      { retryAfterSeconds },
    );
  }

  /** The form, and after a look-up its result or what was wrong. */
  async function show(
    visit: OrganizationVisit,
    method: FindableMethod,
    { wrong, owner }: { readonly wrong: Wrong | null; readonly owner: Owner | null | undefined },
  ): Promise<void> {
    const { req, res, admin, organization, at } = visit;
    const isPage = wantsHtml(req);
    const prompt = await method.lookup.prompt(contextOf(visit));
    const forms = { respond: { sentences }, stylesheets: present.stylesheets(req) };
    await present.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'admin/look-up',
      title: message('admin.look-up.title', { name: isolated(organization.name) }),
      subject: admin,
      locals: {
        ...(isPage && formLocals(method, prompt, forms)),
        nav: await navOf(visit, 'users'),
        notice: null,
        kinds: findable.map(({ name, title }) => ({
          ...{ label: title, href: at.lookUpBy(name), current: name === method.name },
        })),
        ...{ view: prompt.view ?? null, action: at.lookUpBy(method.name), retryAt: null },
        error: wrong?.message ?? null,
        result: owner === undefined ? null : { found: owner && viewOf(visit, owner) },
      },
      json: {
        ...(isPage ? {} : jsonOf(prompt, req)),
        method: method.name,
        methods: findable.map(({ name, title }) => ({ name, title })),
        ...(wrong && { error: wrong.error, message: wrong.message }),
        ...(owner !== undefined && { found: owner && jsonOfOwner(owner) }),
      },
    });
  }

  async function ask(visit: OrganizationVisit): Promise<void> {
    await show(visit, methodOf(visit), { wrong: null, owner: undefined });
  }

  async function look(visit: OrganizationVisit): Promise<void> {
    const { req, admin, organization } = visit;
    const method = methodOf(visit);
    const answer = readFields(req, answerFields(method.answer));
    await countLookUp(visit);
    let owner: Owner | null;
    try {
      const shown = await method.lookup.read(contextOf(visit), answer);
      if (shown.kind === 'rejected') {
        await show(visit, method, { wrong: refused(method, shown), owner: undefined });
        return;
      }
      owner = await ownerOf(context, visit, method.name, shown);
    } catch (cause) {
      await show(visit, method, { wrong: unavailable(visit, method, cause), owner: undefined });
      return;
    }
    audit.record('enrollment.looked-up', {
      ...{ actorId: admin.id, method: method.name, from: req },
      ...(owner
        ? { subject: owner.subject, enrollments: [owner.enrollment] }
        : { organizationId: organization.id }),
    });
    await show(visit, method, { wrong: null, owner });
  }

  function refused({ name }: FindableMethod, { reason, because }: Rejected): Wrong {
    // A look-up has no session of the user that could have ended.
    const shown = reason === 'ended' ? 'expired' : reason;
    const said = because === undefined ? { reason: shown } : { reason: shown, because };
    const { message: sentence } = refusedWords(said, name, sentences);
    return { status: 422, error: shown.replaceAll('-', '_'), message: sentence };
  }

  /** Rethrows any error that is no outage of a service that the method uses. */
  function unavailable(
    { req, res, admin }: OrganizationVisit,
    method: FindableMethod,
    cause: unknown,
  ) {
    const facts = { subject: admin, from: req, res, sentences, audit, onError };
    return outage(cause, { method: method.name, ...facts });
  }

  function viewOf(
    { links }: OrganizationVisit,
    { organization, user, enrollment }: Owner,
  ): FoundView {
    const { createdAt, lastUsedAt, label, method } = enrollment;
    return {
      ...{ label: user.label, name: user.name ?? null, organization: organization.name },
      href: links.organization(organization.id).user(user.id).details,
      key: label === '' ? titleOf(method) : label,
      activatedAt: present.moment(new Date(createdAt)),
      lastUsedAt: lastUsedAt === null ? null : present.moment(new Date(lastUsedAt)),
    };
  }

  return { ask, look };
}

function jsonOfOwner({ organization, user, enrollment }: Owner) {
  const { id, method, label, createdAt, lastUsedAt } = enrollment;
  return {
    organization: organizationJson(organization),
    user: { id: user.id, label: user.label, name: user.name ?? null },
    authenticator: {
      ...{ id, method, label, createdAt: new Date(createdAt) },
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    },
  };
}
