import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { Subject } from '../contracts.js';
import { RequestError } from '../errors.js';
import { isInside } from '../gate/decide.js';
import { denyOrRedirect, type GateConfig, nextUrl } from '../gate/gate.js';
import { keepWanted, takeReturnTo } from '../gate/return-to.js';
import type { Inspector, KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { BoundMethod } from '../methods/bound-method.js';
import type { Handler, MethodRoute } from '../methods/pages.js';
import { triedAgain } from '../session/carried-id.js';
import { saveSession } from '../session/elevate.js';
import { wantsHtml } from '../web/accept.js';
import { assetHeaders } from '../web/assets.js';
import { requestBodies } from '../web/body.js';
import type { Brand } from '../web/branding.js';
import type { CsrfGuard } from '../web/csrf.js';
import { readFields } from '../web/fields.js';
import { pageHeaders } from '../web/headers.js';
import type { Leaving } from '../web/leave.js';
import { seeOther } from '../web/see-other.js';
import { activationPages } from './activation.js';
import { challengePages } from './challenge.js';
import { profilePages } from './profile.js';
import type { ProfileConfig } from './profile-parts.js';
import { signInAgainPages } from './sign-in-again.js';

/** The size limit of bodies, except for answers, which have their method's limits. */
const BODY_LIMIT = 8 * 1024;

export interface RouterConfig extends ProfileConfig {
  readonly leave: Pick<Leaving, 'show'>;
  readonly inspector: Inspector;
  readonly loginUrl: string;
  readonly csrf: CsrfGuard;
  readonly brandOf: (subject: Subject | null) => Brand;
  /** The subject, for the brand only; null when it cannot be told. */
  readonly subjectForBrand: (req: Request) => Subject | null;
  readonly expire: (req: Request) => Promise<void>;
  readonly fail: GateConfig['fail'];
  readonly pagesMade: GateConfig['pagesMade'];
}

type Page = (req: Request, res: Response) => Promise<void>;

/** The user's pages, by their paths below `path`. */
export function pagesRouter(config: RouterConfig): Router {
  const { path, respond, inspector, csrf, pagesOf, leave } = config;
  const activation = activationPages(config);
  const challenge = challengePages(config);
  const signInAgain = signInAgainPages(config);
  const profile = profilePages(config);
  const router = express.Router({ caseSensitive: true, strict: true });

  router.get('/assets/:file', (req, res, next) => {
    const found = config.stylesheets.find(String(req.params.file));
    if (!found) return next();
    res.set(assetHeaders(found)).send(found.body);
  });

  router.use(pageHeaders(config));
  // Express answers HEAD with the handler of GET, which would begin an enrollment that nobody sees.
  router.use((req, _res, next) =>
    next(
      req.method === 'HEAD'
        ? new RequestError(405, 'method_not_allowed', message('request.use-get'))
        : undefined,
    ),
  );
  router.get('/expired', page(expired));
  router.get('/leave', page(leave.show));
  router.use(requestBodies({ limit: bodyLimit(config.methods.values()), parameterLimit: 20 }));

  router.get('/', page(known(status)));
  router.get('/activate', page(known(activation.choose)));
  router.get('/activate/:method', page(known(activation.show)));
  router.get('/challenge', page(known(challenge.preferred)));
  router.get('/challenge/:method', page(known(challenge.ask)));
  router.get('/sign-in-again', page(known(signInAgain.leave)));
  router.post('/activate/:method', page(step(activation.confirm, isProven)));
  router.post('/activate/:method/begin', page(step(activation.begin, isProven)));
  router.post('/activate/:method/restart', page(step(activation.restart, isProven)));
  router.post('/challenge/:method', page(step(challenge.verify, isProven)));
  router.post('/challenge/:method/restart', page(step(challenge.restart, isProven)));
  router.post('/activate/:method/key', page(step(activation.redeem, isProven)));
  router.post('/postpone', page(step(activation.postpone, mayPass)));
  router.post('/sign-out', page(guarded(signOut)));

  for (const { routes = [] } of pagesOf.values()) {
    for (const route of routes) router[route.verb](route.path, page(brought(route)));
  }

  router.get('/profile', page(inside(profile.overview)));
  router.get('/profile/activate/:method', page(inside(profile.show)));
  router.get('/profile/replace/:enrollment', page(inside(profile.show)));
  router.get('/profile/rename/:enrollment', page(inside(profile.askRename)));
  router.post('/profile/rename/:enrollment', page(guarded(profile.rename, inside)));
  router.get('/profile/remove/:enrollment', page(inside(profile.askRemove)));
  router.get('/profile/sign-out-others', page(inside(profile.askSignOut)));
  for (const place of ['/profile/activate/:method', '/profile/replace/:enrollment']) {
    router.post(place, page(guarded(profile.confirm, inside)));
    router.post(`${place}/begin`, page(guarded(profile.begin, inside)));
    router.post(`${place}/restart`, page(guarded(profile.restart, inside)));
    router.post(`${place}/key`, page(guarded(profile.redeem, inside)));
  }
  router.post('/profile/remove/:enrollment', page(guarded(profile.remove, inside)));
  router.post('/profile/sign-out-others', page(guarded(profile.signOutOthers, inside)));
  router.post('/profile/devices/:device/forget', page(guarded(profile.forgetDevice, inside)));
  router.use((_req, _res, next) =>
    next(new RequestError(404, 'not_found', message('request.no-address'))),
  );
  const failed: ErrorRequestHandler = (error, req, res, _next) => respond.fail(req, res, error);
  router.use(failed);

  return router;

  function page(handler: Page): RequestHandler {
    return (req, res) => {
      handler(req, res).catch((error: unknown) => config.fail(req, res, error));
    };
  }

  /** For a person who has given at least a password, and whose time between the doors is not over. */
  function known(handler: Handler): Page {
    return async (req, res) => {
      const stepUp = req.session?.sallyport?.stepUp ?? null;
      const situation = await inspector.startPendingSession(
        req,
        await inspector.inspectFurther(req, stepUp),
      );
      if (situation.kind === 'anonymous' || situation.decision.kind === 'deny') {
        return denyOrRedirect(config, situation, req, res);
      }
      // Before it can lead on: the browser's next request must not bring back the session as it was.
      if (!isInside(situation.decision) && keepWanted(req, res, config)) await saveSession(req);
      return handler(req, res, situation);
    };
  }

  /** For a fully authenticated person. */
  function inside(handler: Handler): Page {
    return async (req, res) => {
      const situation = await inspector.inspectFurther(req);
      if (situation.kind === 'anonymous' || situation.decision.kind !== 'pass') {
        return denyOrRedirect(config, situation, req, res);
      }
      return handler(req, res, situation);
    };
  }

  /** The same for changes, which carry the token of our forms. */
  function guarded(handler: Handler, admit: (handler: Handler) => Page = known): Page {
    return admit(async (req, res, situation) => {
      await csrf.check(req, res);
      return handler(req, res, situation);
    });
  }

  /**
   * For answers while signing in. The second of two clicks may come with the new session of the first and the token
   * of the old one: then nothing is left to do.
   */
  function step(handler: Handler, isThrough: (situation: KnownSituation) => boolean): Page {
    return known(async (req, res, situation) => {
      if (isThrough(situation)) return landed(req, res, situation);
      await csrf.check(req, res);
      return handler(req, res, situation);
    });
  }

  /** A page of a method. */
  function brought({ verb, admits, handler, anonymous }: MethodRoute): Page {
    const admit = admits === 'inside' ? inside : known;
    const admitted = verb === 'post' ? guarded(handler, admit) : admit(handler);
    return async (req, res) => {
      if (anonymous) {
        const { kind } = await inspector.inspectFurther(req);
        if (kind === 'anonymous' && (await anonymous(req, res))) return;
      }
      await admitted(req, res);
    };
  }

  /** A person who has completed these pages is led on, first to a page that they have to see. */
  function landed(req: Request, res: Response, situation: KnownSituation): void {
    const unfinished = [...pagesOf.values()]
      .map((pages) => pages.unfinished?.(req, situation) ?? null)
      .find((url) => url !== null);
    const url = unfinished ?? takeReturnTo(req, config);
    respond.onward(req, res, url, { next: 'done' });
  }

  async function status(req: Request, res: Response, situation: KnownSituation): Promise<void> {
    const { decision, subject } = situation;
    const between = decision.kind === 'enroll' || decision.kind === 'challenge';
    if (wantsHtml(req)) {
      if (between) seeOther(res, nextUrl(path, decision));
      else if (triedAgain(req)) landed(req, res, situation);
      else seeOther(res, config.homeUrl);
      return;
    }
    res.set('Cache-Control', 'no-store').json({
      next: between ? decision.kind : 'done',
      methods: between ? decision.methods : [],
      url: between ? nextUrl(path, decision) : config.homeUrl,
      subject: { label: subject.label },
      csrfToken: csrf.token(req, res),
    });
  }

  async function signOut(req: Request, res: Response): Promise<void> {
    readFields(req, {});
    await config.expire(req);
    respond.onward(req, res, config.loginUrl, { next: 'login' });
  }

  async function expired(req: Request, res: Response): Promise<void> {
    await respond.page(req, res, {
      view: 'message',
      title: message('expired.title'),
      subject: null,
      locals: {
        status: null,
        heading: respond.say(message('expired.title')),
        text: respond.say(message('expired.text')),
        advice: null,
        primary: { label: respond.say(message('action.sign-in')), href: config.loginUrl },
      },
      json: { error: 'session_ended', url: config.loginUrl },
    });
  }
}

function isProven({ decision }: KnownSituation): boolean {
  return decision.kind === 'pass' && !['not-enrolled', 'postponed'].includes(decision.why);
}

function mayPass({ decision }: KnownSituation): boolean {
  return decision.kind === 'pass';
}

function bodyLimit(methods: Iterable<Pick<BoundMethod, 'answer'>>): number {
  const answers = [...methods].map(({ answer }) =>
    Object.values(answer).reduce((sum, { maxLength }) => sum + maxLength, 0),
  );
  return BODY_LIMIT + Math.max(0, ...answers);
}
