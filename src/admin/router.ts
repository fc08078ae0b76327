import express, { type ErrorRequestHandler, type Router } from 'express';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { requestBodies } from '../web/body.js';
import { clientPages } from './clients/clients.js';
import { adminContext } from './context.js';
import { eventPages } from './events/events.js';
import { fail, guards, notFound } from './guard.js';
import { isSafeBase } from './links.js';
import { lookUpPages } from './look-up/look-up.js';
import { type AdminOptions, parseAdminOptions } from './options.js';
import { authenticationPages } from './organization/authentication.js';
import { methodSettingPages } from './organization/method-setting.js';
import { organizationPages } from './organization/overview.js';
import { savingPages } from './organization/saving.js';
import type { AdminPorts } from './ports.js';
import { activationPages } from './user/activation.js';
import { handingOverPages } from './user/handing-over.js';
import { resetPages } from './user/reset.js';
import { userPages } from './user/user.js';
import { bulkPages } from './users/bulk.js';
import { userListPages } from './users/users.js';

/** A thousand ids and their field names. */
const BODY_LIMIT = '1mb';
const FIELDS_AT_MOST = 1100;

/**
 * The administrator's pages and their JSON API, for `app.use('/setup', …)`. It is safe without the gate: mounted
 * above it by mistake, it still lets in only who has passed both doors. No request below its path falls through to
 * the host's routes.
 */
export function adminRouter(ports: AdminPorts, options: AdminOptions): Router {
  const config = parseAdminOptions(options);
  const context = adminContext(ports, config);
  const { anywhere, organization, user } = guards({
    ...context,
    secondFactor: config.secondFactor,
    anybodyMay: config.authorize !== null,
  });
  const organizations = organizationPages(context);
  const authentication = authenticationPages(context);
  const saving = savingPages(context, authentication);
  const clients = clientPages(context);
  const users = userListPages(context);
  const bulk = bulkPages(context);
  const details = userPages(context);
  const activation = activationPages(context);
  const handingOver = handingOverPages(context);
  const reset = resetPages(context);
  const events = eventPages(context);
  const lookUp = lookUpPages(context);

  const router = express.Router({ caseSensitive: true, strict: true });
  router.use(ports.headers);
  router.use((req, _res, next) => {
    if (!isSafeBase(req.baseUrl)) return next(notFound());
    next(
      req.method === 'HEAD'
        ? new RequestError(405, 'method_not_allowed', message('request.use-get'))
        : undefined,
    );
  });
  router.use(requestBodies({ limit: BODY_LIMIT, parameterLimit: FIELDS_AT_MOST }));

  router.get('/', anywhere(organizations.home));
  const one = '/organizations/:organization';
  router.get(one, organization('organization:read', organizations.show));
  router.get(`${one}/authentication`, organization('organization:read', authentication.show));
  router.post(
    `${one}/authentication/preview`,
    organization('organization:change', saving.preview, 'preview'),
  );
  router.post(`${one}/authentication`, organization('organization:change', saving.save, 'change'));
  for (const method of context.withSection) {
    const pages = methodSettingPages(context, method, authentication.showSectionRefused);
    const at = `${one}/${method.name}`;
    router.post(at, organization('organization:change', pages.save, 'change'));
    router.post(`${at}/replace`, organization('organization:change', pages.replace, 'change'));
    router.post(`${at}/remove`, organization('organization:change', pages.remove, 'change'));
  }
  router.get(`${one}/clients`, organization('clients:list', clients.list));
  router.get(`${one}/events`, organization('events:read', events.list));
  router.get(`${one}/users`, organization('users:list', users.list));
  router.post(`${one}/two-factor/preview`, organization('users:list', bulk.preview, 'preview'));
  router.post(`${one}/two-factor`, organization('users:list', bulk.perform, 'change'));

  router.get(`${one}/look-up`, organization('users:list', lookUp.ask, 'form'));
  router.get(`${one}/look-up/:method`, organization('users:list', lookUp.ask, 'form'));
  router.post(`${one}/look-up/:method`, organization('users:list', lookUp.look, 'preview'));

  const person = `${one}/users/:user`;
  router.get(person, user('user:read', details.show));
  router.get(`${person}/activate`, user('user:activate', activation.choose, 'form'));
  router.post(`${person}/activate`, user('user:activate', handingOver.begin, 'change'));
  router.post(`${person}/activate/confirm`, user('user:activate', handingOver.confirm, 'change'));
  router.post(`${person}/activation-key`, user('user:activate', activation.issueKey, 'change'));
  router.post(
    `${person}/activation-key/revoke`,
    user('user:activate', details.revokeKey, 'change'),
  );
  router.get(`${person}/reset`, user('user:reset', reset.ask, 'form'));
  router.post(`${person}/reset`, user('user:reset', reset.perform, 'change'));
  router.post(`${person}/unlock`, user('user:unlock', details.unlock, 'change'));

  router.use((_req, _res, next) => next(notFound()));
  const failed: ErrorRequestHandler = (error, req, res, _next) => {
    // Express throws it for a path that is not even percent-encoded.
    const malformed = error instanceof URIError || error?.cause instanceof URIError;
    fail(context, req, res, malformed ? notFound() : error);
  };
  router.use(failed);
  return router;
}
