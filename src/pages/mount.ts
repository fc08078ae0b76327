import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Sentence } from '../contracts.js';
import { RequestError, UnavailableError } from '../errors.js';
import type { Inspector } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { isCsrfRefusal, refusedToken } from '../web/csrf.js';
import type { Leaving } from '../web/leave.js';
import { atAddress } from '../web/misdirected.js';
import type { Mounts, Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';
import { refusedForm, unknownGuard } from './host-guard.js';

const WELL_KNOWN = '/.well-known/';

/** The pages of one mount. */
export interface PagesAt {
  readonly places: Places;
  readonly router: RequestHandler;
  readonly leave: Pick<Leaving, 'watch'>;
  readonly respond: Pick<Responder, 'fail'>;
}

export interface MountConfig {
  readonly mounts: Pick<Mounts<PagesAt>, 'note' | 'of'>;
  readonly inspector: Pick<Inspector, 'passBy'>;
  /** Whether our forms carry the token of a host's guard. */
  readonly hasHostsCsrf: boolean;
  readonly verbose: boolean;
  readonly say: (sentence: Sentence) => string;
  readonly onError: (error: unknown) => void;
  /** The methods' JSON at the root of the origin, by its name below `/.well-known/`. */
  readonly wellKnown: Readonly<Record<string, object>>;
}

/**
 * The user's pages for the host to mount, and the error page for failures of the session layer before them. No
 * request below their path falls through to the host's routes.
 */
export function mountedPages({
  mounts,
  inspector,
  hasHostsCsrf,
  verbose,
  say,
  onError,
  wellKnown,
}: MountConfig): (RequestHandler | ErrorRequestHandler)[] {
  const found = (req: Request, res: Response): PagesAt | null =>
    atAddress(
      req,
      res,
      () => {
        mounts.note(req);
        return mounts.of(req);
      },
      { say, onError },
    );

  /** Errors of Sallyport and of the session layer before it get our page; other errors are the host's. */
  const unavailable: ErrorRequestHandler = (error, req, res, next) => {
    const here = found(req, res);
    if (!here) return;
    const { places, respond } = here;
    if (error instanceof UnavailableError) {
      respond.fail(req, res, error);
    } else if (isCsrfRefusal(error) && ownPath(req, places) !== null) {
      if (!hasHostsCsrf) onError(unknownGuard(error));
      const refusal = hasHostsCsrf ? refusedToken() : refusedForm({ verbose });
      respond.fail(req, res, refusal);
    } else {
      next(error);
    }
  };

  const mounted: RequestHandler = (req, res, next) => {
    const here = found(req, res);
    if (!here) return;
    const { places, router, leave, respond } = here;
    const own = ownPath(req, places);
    if (own === null) {
      if (tellsWellKnown(req, res, places)) return;
      leave.watch(req, res);
      passBy(req, res, next);
      return;
    }
    const { url } = req;
    if (!url.startsWith(own)) {
      // `GET http://host/two-factor/…` is the form for proxies, not for servers.
      respond.fail(
        req,
        res,
        new RequestError(400, 'invalid_request', message('request.path-alone')),
      );
      return;
    }
    req.url = url.slice(own.length).replace(/^(?!\/)/, '/');
    router(req, res, (error?: unknown) => {
      req.url = url;
      next(error);
    });
  };

  /** Serves what is the same for everybody, signed in or not. True when it has answered. */
  function tellsWellKnown(req: Request, res: Response, { stripped }: Places): boolean {
    if (req.method !== 'GET') return false;
    const path = stripped + req.baseUrl + req.path;
    const name = path.startsWith(WELL_KNOWN) ? path.slice(WELL_KNOWN.length) : '';
    if (!Object.hasOwn(wellKnown, name)) return false;
    res.set({ 'Cache-Control': 'public, max-age=3600', 'X-Content-Type-Options': 'nosniff' });
    res.json(wellKnown[name]);
    return true;
  }

  function passBy(req: Request, res: Response, next: (error?: unknown) => void): void {
    const left = inspector.passBy(req);
    if (!left) {
      next();
      return;
    }
    left.then(
      () => next(),
      (error: unknown) => mounts.of(req).respond.fail(req, res, error),
    );
  }

  return [mounted, unavailable];
}

/** The path of our pages, without the mount of the app; null for a page of the host. */
function ownPath(req: Request, { stripped, path }: Places): string | null {
  const base = stripped + req.baseUrl;
  const own = path.startsWith(`${base}/`) ? path.slice(base.length) : path;
  return req.path === own || req.path.startsWith(`${own}/`) ? own : null;
}
