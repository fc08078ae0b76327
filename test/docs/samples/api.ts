import express, { type Express, type RequestHandler } from 'express';
import type { Door, Subject } from 'sallyport';

interface Api {
  readonly door: Pick<Door, 'token' | 'require'>;
  /** The subject of an id, as your `subject()` gives it; null for who is gone or disabled. */
  readonly subjectOf: (id: string) => Promise<Subject | null>;
  /** Your routes for programs. They find the subject in `res.locals.subject`. */
  readonly routes: RequestHandler;
}

/** For programs: mount it above the session, so that no cookie is ever looked at. */
export function bearerApi({ door, subjectOf, routes }: Api): RequestHandler {
  const api = express.Router();
  api.use(async (req, res, next) => {
    try {
      const bearer = /^Bearer (\S+)$/i.exec(req.get('authorization') ?? '')?.[1];
      const checked = await door.token.check(bearer, subjectOf);
      if (!checked.valid) {
        res
          .status(401)
          .set('WWW-Authenticate', 'Bearer')
          .json({ error: 'invalid_token', why: checked.why });
        return;
      }
      res.locals.subject = checked.subject;
      next();
    } catch (error) {
      next(error); // 503 with Retry-After: it cannot be told
    }
  });
  // What is not a route of yours ends here: it must not reach the pages for browsers.
  api.use(routes, (_req, res) => void res.status(404).json({ error: 'not_found' }));
  return api;
}

/** For the person, in the browser: mount it below the gate. */
export function tokenPage(app: Express, { door }: Pick<Api, 'door'>): void {
  app.post('/tokens', door.require({ maxAge: '5m' }), async (req, res, next) => {
    try {
      const { token, id, expiresAt } = await door.token.issue(req, { maxAge: '90d' });
      res.set('Cache-Control', 'no-store').json({ token, id, expiresAt }); // shown once, kept nowhere
    } catch (error) {
      next(error);
    }
  });
}
