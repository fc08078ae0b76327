import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import { checkOptions, listOption, option, optionsObject } from '../check-options.js';
import { broken, RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { saveSession } from '../session/elevate.js';
import { isNavigation } from '../web/accept.js';
import { isLateForm, noteLateForm } from '../web/late-form.js';
import { askedUrl, type Places, rawPath } from '../web/places.js';
import type { Decision } from './decide.js';
import { forgetFragment } from './fragment.js';
import { type MisplacedConfig, misplaced } from './misplaced.js';
import { isOwnChange } from './own-change.js';
import { rememberForLogin, rememberInSession, wantedPage } from './return-to.js';
import { offersAsJson, type SignInOffers } from './sign-in-again.js';
import type { Inspector, KnownSituation, Situation } from './situation.js';

export interface GateOptions {
  /** `METHOD /path` each: exactly this method and this raw path, nothing below or beside it; GET includes HEAD. */
  readonly exempt?: readonly string[];
  /**
   * `pass`: requests without a signed-in user are let through, for an app with public parts; a user who has given
   * only a password is still stopped. `req.user` is also set between the doors, so use `door.user(req)` for who is
   * fully authenticated. Default: `deny`.
   */
  readonly anonymous?: 'deny' | 'pass';
}

export interface GateConfig extends MisplacedConfig {
  readonly inspector: Inspector;
  /** Answers a failure with a 503, in HTML or JSON. */
  readonly fail: (req: Request, res: Response, error: unknown) => void;
  /** True when the request comes from a remembered device; then the session is proven. */
  readonly recognize: (req: Request, res: Response, situation: KnownSituation) => Promise<boolean>;
  /**
   * Answers whoever carries the id of a session that went on under another one a moment ago, or does now (`goesOn`);
   * true when it has.
   */
  readonly tryAgain: (req: Request, res: Response, goesOn?: boolean) => Promise<boolean>;
  /** Ends a denied session for good. */
  readonly expire: (req: Request) => Promise<void>;
  /** The sign-ins that somebody may renew to do what is asked of them. */
  readonly signInOffers: SignInOffers;
}

const schema = optionsObject({
  exempt: listOption<string>(
    "a method and an exact path such as 'GET /healthz'",
    (entry) => typeof entry === 'string' && /^[A-Z]+ \/[^\s?#*]*$/.test(entry),
  ).default([]),
  anonymous: option<'deny' | 'pass'>("'deny' or 'pass'", (value) =>
    ['deny', 'pass'].includes(value as string),
  ).default('deny'),
});

/**
 * Default deny: only a request whose decision is `pass` reaches what is mounted below. For `app.use()`: the gate, and
 * an error handler for requests that have failed above it.
 */
export function gate(
  configOf: (req: Request, res: Response) => GateConfig | null,
  options: GateOptions = {},
): [RequestHandler, ErrorRequestHandler] {
  const { exempt, anonymous } = checkOptions(options, schema, { name: 'gate', path: '' });
  const exempted = new Set(exempt);
  const isPublic = ({ kind }: Situation) => anonymous === 'pass' && kind === 'anonymous';

  const secondFactorGate: RequestHandler = (req, res, next) => {
    const config = configOf(req, res);
    if (!config) return;
    if (exempted.size > 0 && isExempt(exempted, req, config)) {
      next();
      return;
    }
    let situation: ReturnType<Inspector['inspect']>;
    try {
      situation = config.inspector.inspect(req);
    } catch (error) {
      config.fail(req, res, error);
      return;
    }
    if (situation instanceof Promise) {
      situation.then(
        (late) => settle(config, late, req, res, next, isPublic(late)),
        (error: unknown) => config.fail(req, res, error),
      );
    } else {
      settle(config, situation, req, res, next, isPublic(situation));
    }
  };

  // Express skips the gate after an error, and an error handler of the host below it may continue the request past
  // the gate. So requests that may not pass are answered here.
  const secondFactorGateOnError: ErrorRequestHandler = (error, req, res, next) => {
    const config = configOf(req, res);
    if (!config) return;
    // A route above the gate has handled it: its errors are the host's to answer.
    if (res.headersSent || req.route !== undefined || isExempt(exempted, req, config)) {
      next(error);
      return;
    }
    (async () => config.inspector.inspect(req))().then(
      (situation) => {
        if (situation.decision.kind === 'pass' || isPublic(situation)) next(error);
        else config.fail(req, res, error);
      },
      // The subject cannot be told, which may be what has failed.
      () => config.fail(req, res, error),
    );
  };

  return [secondFactorGate, secondFactorGateOnError];
}

function settle(
  config: GateConfig,
  situation: Situation,
  req: Request,
  res: Response,
  next: NextFunction,
  isPublic: boolean,
): void {
  if (situation.decision.kind === 'pass') {
    next();
    return;
  }
  if (isPublic) {
    // A browser with the id from before an elevation gets the new one in a moment.
    config.tryAgain(req, res).then(
      (answered) => {
        if (!answered) next();
      },
      (error: unknown) => config.fail(req, res, error),
    );
    return;
  }
  const wrongOrder = misplaced(req, config, situation);
  if (wrongOrder) {
    config.fail(req, res, wrongOrder);
    return;
  }
  denyOrRedirect(config, situation, req, res).catch((error: unknown) =>
    config.fail(req, res, error),
  );
}

/** Answers a request that may not pass: a redirect for a browser that asks for a page, otherwise 401 JSON. */
export async function denyOrRedirect(
  config: Omit<GateConfig, 'fail'>,
  situation: Situation,
  req: Request,
  res: Response,
): Promise<void> {
  const { path, loginUrl, inspector } = config;
  const entered = await inspector.startPendingSession(req, situation);
  const { decision } = entered;
  res.set('Cache-Control', 'no-store').vary('Accept');
  switch (decision.kind) {
    case 'enroll':
    case 'challenge': {
      const url = nextUrl(path, decision);
      if (decision.why === 'not-proven' && (await recognized(config, situation, req, res))) return;
      if (!isNavigation(req)) {
        res.status(401).json({
          error: 'second_factor_required',
          next: decision.kind,
          why: decision.why,
          methods: decision.methods,
          url,
          graceEndsAt: decision.kind === 'enroll' ? decision.graceEndsAt : null,
          ...offersAsJson(await config.signInOffers(req, entered)),
        });
        return;
      }
      const stepUp = decision.why === 'step-up';
      if (rememberInSession(req, res, config, { stepUp }) || stepUp) await saveSession(req);
      if (isLateForm(req)) noteLateForm(res, config);
      forgetFragment(res, config);
      redirect(req, res, config, situation, url);
      return;
    }
    case 'deny': {
      const goesOn = isOwnChange(situation);
      if (await config.tryAgain(req, res, goesOn)) return;
      if (decision.why !== 'no-subject' && !goesOn) await config.expire(req);
      if (!isNavigation(req)) {
        res
          .status(401)
          .json({ error: 'authentication_required', why: decision.why, url: loginUrl });
        return;
      }
      rememberForLogin(req, res, config);
      const late = isLateForm(req);
      if (late) noteLateForm(res, config);
      // The host's login page cannot say that a form was not accepted; a page of ours on the way does.
      const toLogin = decision.why === 'no-subject' && !late;
      redirect(req, res, config, situation, toLogin ? loginUrl : `${path}/expired`);
      return;
    }
    case 'pass':
      throw broken('a request that may pass is not turned away');
    default:
      decision satisfies never;
  }
}

/**
 * A remembered device proves the session during a request, which then has to be sent again: by a redirect for a
 * navigation, otherwise by the client. The session has a new id, so this request must not continue.
 */
async function recognized(
  config: Pick<GateConfig, 'recognize' | keyof Places>,
  situation: Situation,
  req: Request,
  res: Response,
): Promise<boolean> {
  const program = !isNavigation(req);
  if (situation.kind === 'anonymous' || (!program && req.method !== 'GET')) return false;
  if (!(await config.recognize(req, res, situation))) return false;
  if (program) throw new RequestError(409, 'session_renewed', message('gate.renewed-by-device'));
  res.redirect(303, wantedPage(req, res, config));
  return true;
}

/** The page on which a person does what the decision asks for. */
export function nextUrl(
  path: string,
  decision: Extract<Decision, { kind: 'enroll' | 'challenge' }>,
): string {
  return decision.kind === 'enroll' ? `${path}/activate` : `${path}/challenge`;
}

/** Never to the address of this request, or the browser would loop. */
function redirect(
  req: Request,
  res: Response,
  config: MisplacedConfig,
  situation: Situation,
  url: string,
): void {
  const asked = rawPath(askedUrl(req, config));
  if (req.method === 'GET' && asked === new URL(url, config.origin).pathname) {
    throw misplaced(req, config, situation) ?? broken(`a redirect to ${url}, which was asked for`);
  }
  res.redirect(303, url);
}

/**
 * Matches by method and exact raw path, as in the request or below the mount of the app. An exemption for GET
 * includes HEAD, as in Express.
 */
function isExempt(
  exempted: ReadonlySet<string>,
  { method, originalUrl }: Request,
  { stripped, folder }: Places,
): boolean {
  const path = rawPath(originalUrl);
  const mount = folder.slice(stripped.length);
  const isNamed = (name: string): boolean =>
    exempted.has(`${name} ${path}`) ||
    (mount.length > 1 &&
      path.startsWith(`${mount}/`) &&
      exempted.has(`${name} ${path.slice(mount.length)}`));
  return isNamed(method) || (method === 'HEAD' && isNamed('GET'));
}
