import type { Request, RequestHandler, Response } from 'express';
import type { DirectoryOrganization, DirectoryUser, Subject } from '../contracts.js';
import { RequestError } from '../errors.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { told } from '../web/refusal.js';
import type {
  AdminAction,
  AdminTarget,
  MayI,
  OrganizationAction,
  UserAction,
} from './authorize.js';
import { FieldsError, fieldWords } from './bodies.js';
import type { CheckedDirectory } from './directory.js';
import { type Links, linksAt, type OrganizationLinks, type UserLinks } from './links.js';
import type { AdminPorts } from './ports.js';

/** A request of a fully authenticated administrator. */
export interface Visit {
  readonly req: Request;
  readonly res: Response;
  readonly admin: Subject;
  readonly situation: KnownSituation;
  readonly links: Links;
  may(action: AdminAction, target: AdminTarget): Promise<boolean>;
  /**
   * Whether the administrator has proven what this route wants; if not, it has answered. To be asked once they are
   * known to be allowed: nobody else is told to activate anything. The way back leads to the page of the form,
   * since a change is never replayed.
   */
  proven(page: string): Promise<boolean>;
}

/** The organization is the one that was authorized: nothing else in the request names one. */
export interface OrganizationVisit extends Visit {
  readonly organization: DirectoryOrganization;
  readonly at: OrganizationLinks;
}

/** The same for a user, who was found in that organization. */
export interface UserVisit extends OrganizationVisit {
  readonly user: DirectoryUser;
  readonly subject: Subject;
  readonly here: UserLinks;
}

/**
 * `read` asks for a proof of any age that counts. `change` carries the token of our form, and needs a fresh proof. A `form` that
 * leads to a change, and the `preview` of one, ask a browser for that proof already, so that it is not what
 * was filled in that gets lost to the question.
 */
type RouteKind = 'read' | 'form' | 'preview' | 'change';

export interface Guards {
  anywhere(handler: (visit: Visit) => Promise<void>): RequestHandler;
  organization(
    action: OrganizationAction,
    handler: (visit: OrganizationVisit) => Promise<void>,
    kind?: RouteKind,
  ): RequestHandler;
  user(
    action: UserAction,
    handler: (visit: UserVisit) => Promise<void>,
    kind?: RouteKind,
  ): RequestHandler;
}

export interface GuardConfig
  extends Pick<
    AdminPorts,
    'baseUrl' | 'inspector' | 'turnAway' | 'requireAdministrator' | 'csrf' | 'wantsHtml' | 'present'
  > {
  readonly directory: CheckedDirectory;
  readonly mayI: MayI;
  /** Whether a second factor is proven here whatever the policy of the administrator's own organization. */
  readonly secondFactor: 'required' | 'policy';
  /** False without the host's `authorize`: then nothing is looked up either. */
  readonly anybodyMay: boolean;
}

/** For what does not exist, and for what this administrator may not know to exist. */
export function notFound(): RequestError {
  return new RequestError(404, 'not_found', message('request.no-address'));
}

export function forbidden(): RequestError {
  return new RequestError(403, 'forbidden', message('admin.forbidden'));
}

/**
 * What every route demands, in this order: both doors passed, our token on a change, the object found in the
 * organization named in the path, readable, and the action allowed on that very object; then a second factor
 * that was proven, and for a change freshly.
 */
export function guards(config: GuardConfig): Guards {
  const { inspector, directory, mayI } = config;

  function route(
    handler: (visit: Visit) => Promise<void>,
    kind: RouteKind = 'read',
  ): RequestHandler {
    return (req, res) => {
      run(req, res).catch((error: unknown) => fail(config, req, res, error));
    };
    async function run(req: Request, res: Response): Promise<void> {
      const situation = await inspector.inspectFurther(req);
      if (situation.kind === 'anonymous' || situation.decision.kind !== 'pass') {
        return config.turnAway(situation, req, res);
      }
      if (kind === 'change' || kind === 'preview') await config.csrf.check(req, res);
      if (!config.anybodyMay) throw forbidden();
      await handler({
        req,
        res,
        situation,
        admin: situation.subject,
        links: linksAt(config.baseUrl + req.baseUrl),
        may: (action, target) => mayI(req, action, target),
        proven: (backTo) => config.requireAdministrator(req, res, { ...wanted(req, kind), backTo }),
      });
    }
  }

  function wanted(req: Request, kind: RouteKind) {
    return {
      fresh: kind === 'change' || (kind !== 'read' && config.wantsHtml(req)),
      always: config.secondFactor === 'required',
    };
  }

  async function organizationOf(visit: Visit): Promise<OrganizationVisit> {
    const id = String(visit.req.params.organization);
    const organization = await directory.organization(id);
    if (!organization) throw notFound();
    return { ...visit, organization, at: visit.links.organization(id) };
  }

  return {
    anywhere: (handler) => route(handler),

    organization(action, handler, kind = 'read') {
      return route(async (plain) => {
        const visit = await organizationOf(plain);
        const target: AdminTarget = { kind: 'organization', organization: visit.organization };
        if (!(await visit.may('organization:read', target))) throw notFound();
        if (action !== 'organization:read' && !(await visit.may(action, target))) throw forbidden();
        const page = action === 'users:list' ? visit.at.users : visit.at.authentication;
        if (await visit.proven(page)) await handler(visit);
      }, kind);
    },

    user(action, handler, kind = 'read') {
      return route(async (plain) => {
        const visit = await organizationOf(plain);
        const { organization } = visit;
        const id = String(visit.req.params.user);
        const user = await directory.user(organization.id, id);
        if (!user) throw notFound();
        const target: AdminTarget = { kind: 'user', organization, user };
        if (!(await visit.may('user:read', target))) throw notFound();
        if (action !== 'user:read' && !(await visit.may(action, target))) throw forbidden();
        const here = visit.at.user(id);
        const subject = { id: user.id, tenantId: organization.id, label: user.label };
        if (await visit.proven(here.details)) {
          await handler({ ...visit, user, subject, here });
        }
      }, kind);
    },
  };
}

/** A program is told which fields were wrong; a browser that sends wrong fields is not our form. */
export function fail(
  { present, wantsHtml }: Pick<AdminPorts, 'present' | 'wantsHtml'>,
  req: Request,
  res: Response,
  error: unknown,
): void {
  if (error instanceof FieldsError && !wantsHtml(req) && !res.headersSent) {
    const { status, error: name, sentence, fields } = error;
    const { say } = present;
    res.status(status).set('Cache-Control', 'no-store').vary('Accept');
    res.json({ error: name, ...told(sentence, say), fields: fieldWords(fields, say) });
    return;
  }
  present.fail(req, res, error);
}
