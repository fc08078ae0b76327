import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { RequestError, UnavailableError } from '../errors.js';
import type { Inspector } from '../gate/situation.js';
import type { Leaving } from '../web/leave.js';
import type { Mounts, Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';

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
}

/**
 * The user's pages where the host mounts them, and the error page for failures of the session layer before them.
 * Nothing below their path ever falls through to the host's routes.
 */
export function mountedPages({
  mounts,
  inspector,
}: MountConfig): (RequestHandler | ErrorRequestHandler)[] {
  /** What Sallyport and the session layer before it throw becomes our page; other errors are the host's. */
  const unavailable: ErrorRequestHandler = (error, req, res, next) => {
    mounts.note(req);
    if (error instanceof UnavailableError) mounts.of(req).respond.fail(req, res, error);
    else next(error);
  };

  const mounted: RequestHandler = (req, res, next) => {
    mounts.note(req);
    const { places, router, leave, respond } = mounts.of(req);
    const { stripped, path } = places;
    // As it stands in the request, and here: without what the app is mounted at.
    const base = stripped + req.baseUrl;
    const own = path.startsWith(`${base}/`) ? path.slice(base.length) : path;
    if (req.path !== own && !req.path.startsWith(`${own}/`)) {
      leave.watch(req, res);
      passBy(req, res, next);
      return;
    }
    const { url } = req;
    if (!url.startsWith(own)) {
      // `GET http://host/two-factor/…`, as clients send it to a proxy: not meant for a server.
      respond.fail(req, res, new RequestError(400, 'invalid_request', 'Ask for a path alone.'));
      return;
    }
    req.url = url.slice(own.length).replace(/^(?!\/)/, '/');
    router(req, res, (error?: unknown) => {
      req.url = url;
      next(error);
    });
  };

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
