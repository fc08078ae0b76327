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
   * Whether the administrator has the proof that this route demands; if not, the request has been answered. To be
   * asked after authorization, since nobody else is asked to activate a factor. The way back leads to the page of the
   * form, since a change is never replayed.
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
 * `read` demands a proof of any age. `change` carries the token of our form and demands a fresh proof. A `form` that
 * leads to a change, and its `preview`, demand that fresh proof from browsers already, so that a challenge never
 * discards what was filled in.
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
    | 'baseUrl'
    | 'inspector'
    | 'denyOrRedirect'
    | 'requireAdministrator'
    | 'csrf'
    | 'wantsHtml'
    | 'present'
  > {
  readonly directory: CheckedDirectory;
  readonly mayI: MayI;
  /** Whether a second factor is demanded here whatever the policy of the administrator's own organization. */
  readonly secondFactor: 'required' | 'policy';
  /** False without the host's `authorize`: then nothing is looked up at all. */
  readonly anybodyMay: boolean;
}

/** For what does not exist, or must seem not to exist for this administrator. */
export function notFound(): RequestError {
  return new RequestError(404, 'not_found', message('request.no-address'));
}

export function forbidden(): RequestError {
  return new RequestError(403, 'forbidden', message('admin.forbidden'));
}

/**
 * What every route demands, in this order: both doors passed; our token on a change; the object found in the
 * organization named in the path, and readable; the action allowed on that object; a proven second factor, for a
 * change a fresh one.
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
        return config.denyOrRedirect(situation, req, res);
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

/**
 * Names the wrong fields to programs. A browser that sends wrong fields did not use our form, and gets the plain
 * error.
 */
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
