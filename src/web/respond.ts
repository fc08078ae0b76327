import type { Request, RequestHandler, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Subject } from '../contracts.js';
import { mayHeal, RequestError, SallyportError } from '../errors.js';
import { wantsHtml } from './accept.js';
import type { Stylesheets } from './assets.js';
import type { Brand } from './branding.js';
import { type CsrfGuard, isGuardsRefusal, refusedToken } from './csrf.js';
import { takeLateForm } from './late-form.js';
import { noteOnward } from './leave.js';
import type { Frame, ViewLocals, ViewName } from './locals.js';
import { askedUrl, type Places } from './places.js';
import type { Views } from './views.js';

export interface RespondConfig extends Places {
  readonly views: Pick<Views, 'render'>;
  readonly stylesheets: Stylesheets;
  readonly brandOf: (subject: Subject | null) => Brand;
  readonly csrf: CsrfGuard;
  readonly audit: Audit;
  /** Sets the headers of our pages; errors are answered from below other routes than ours too. */
  readonly headers: RequestHandler;
  /** Whom the host takes the request to be from; null when that cannot be told. */
  readonly subjectOf: (req: Request) => Subject | null;
  /** Told of every failure that ends in a 503. */
  readonly onError: (error: unknown) => void;
  /** Whether pages and programs are told what failed, which is for whoever makes the app: not in production. */
  readonly outspoken: boolean;
}

/** One answer in both of its forms: a view for a browser, JSON for a program. */
export interface Answer<Name extends ViewName> {
  readonly status?: number;
  readonly view: Name;
  readonly title: string;
  readonly subject: Subject | null;
  readonly locals: Omit<ViewLocals[Name], 'frame'>;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Responder {
  page<Name extends ViewName>(req: Request, res: Response, answer: Answer<Name>): Promise<void>;
  /** Makes the same answer, and gives what sends it: for what must not happen unless its page can be made. */
  prepare<Name extends ViewName>(
    req: Request,
    res: Response,
    answer: Answer<Name>,
  ): Promise<() => void>;
  /** Sends a browser on, and tells a program where. */
  onward(req: Request, res: Response, url: string, json: Readonly<Record<string, unknown>>): void;
  /** Answers whatever went wrong: a 4xx as it says, everything else a 503. Never throws. */
  fail(req: Request, res: Response, error: unknown): void;
}

const RETRY_AFTER_SECONDS = 5;
const GO_ON = 'Go on';
/** Whose secret does not open, or whose record is lost, is what their tenant must hear of an outage. */
const NAMED: ReadonlySet<string> = new Set(['ERR_SEALED', 'ERR_STORE_RECORD', 'ERR_METHOD']);

const NOT_TAKEN =
  'What you sent was not taken, because you were not signed in to the end. Afterwards you are brought back to the page of the form, as far as it is known: send it again from there.';

/**
 * The same for any view: our own pages and the administrator's are typed each by what they know of it, and
 * neither knows the other's views.
 */
export interface AnyResponder extends Pick<Responder, 'onward' | 'fail'> {
  page(req: Request, res: Response, answer: AnyAnswer): Promise<void>;
  prepare(req: Request, res: Response, answer: AnyAnswer): Promise<() => void>;
}

interface AnyAnswer {
  readonly status?: number;
  readonly view: string;
  readonly title: string;
  readonly subject: Subject | null;
  readonly locals: object;
  readonly json: Readonly<Record<string, unknown>>;
}

export function responder(config: RespondConfig): AnyResponder {
  const { views, stylesheets, brandOf, csrf, path, homeUrl, loginUrl } = config;

  function frame(req: Request, res: Response, title: string, subject: Subject | null): Frame {
    const brand = brandOf(subject);
    return {
      title,
      brand: { name: brand.name, logoUrl: brand.logoUrl },
      stylesheet: stylesheets.main.href,
      script: stylesheets.script.href,
      accent: brand.accent === null ? null : stylesheets.accent(brand.accent).href,
      csrfToken: subject ? csrf.token(req, res) : '',
      subject: subject && { label: subject.label },
      notice: takeLateForm(req, res, config) ? NOT_TAKEN : null,
      paths: { home: homeUrl, login: loginUrl, signOut: `${path}/sign-out` },
    };
  }

  async function prepare(
    req: Request,
    res: Response,
    { status = 200, view, title, subject, locals, json }: AnyAnswer,
  ): Promise<() => void> {
    const begin = () => res.status(status).set('Cache-Control', 'no-store').vary('Accept');
    if (!wantsHtml(req)) {
      const body = subject ? { ...json, csrfToken: csrf.token(req, res) } : json;
      return () => void begin().json(body);
    }
    const whole = { ...locals, frame: frame(req, res, title, subject) };
    const html = await views.render(view, whole);
    return () => void begin().type('html').send(html);
  }

  async function page(req: Request, res: Response, answer: AnyAnswer): Promise<void> {
    const send = await prepare(req, res, answer);
    send();
  }

  async function explain(req: Request, res: Response, error: unknown): Promise<void> {
    const problem = describe(isGuardsRefusal(error) ? refusedToken() : error, req);
    const failure = problem.status === 503 && error instanceof SallyportError ? error : null;
    const said = config.outspoken && failure ? failure.message : null;
    config.headers(req, res, () => {});
    if (error instanceof RequestError && error.retryAfterSeconds !== null) {
      res.set('Retry-After', String(error.retryAfterSeconds));
    }
    if (problem.status === 503) {
      res.set('Retry-After', String(RETRY_AFTER_SECONDS));
      config.onError(error);
      const detail = error instanceof SallyportError ? error.code : 'unexpected';
      const subject = NAMED.has(detail) ? config.subjectOf(req) : null;
      config.audit.record('unavailable', { subject, from: req.ip ?? null, detail });
    }
    await page(req, res, {
      status: problem.status,
      view: 'message',
      title: problem.heading,
      // Nobody's name, brand or token: what failed may be just what they come from.
      subject: null,
      locals: {
        status: problem.status,
        heading: problem.heading,
        text: problem.text,
        advice: said === null ? problem.advice : `${problem.advice} (${failure?.code}: ${said})`,
        primary: {
          label: problem.label,
          href: (problem.status === 503 ? retryUrl(req, config) : problem.href) ?? homeUrl,
        },
      },
      json: {
        ...{ error: problem.error, message: problem.text },
        ...(failure && { code: failure.code }),
        ...(said !== null && { detail: said }),
      },
    });
  }

  return {
    page,
    prepare,

    onward(req, res, url, json) {
      res.set('Cache-Control', 'no-store').vary('Accept');
      if (!wantsHtml(req)) {
        res.json({ ...json, url });
        return;
      }
      noteOnward(req, res, config);
      res.redirect(303, url);
    },

    fail(req, res, error) {
      if (res.headersSent) {
        res.destroy();
        return;
      }
      explain(req, res, error).catch((another: unknown) => {
        config.onError(another);
        if (res.headersSent) res.destroy();
        else res.status(503).type('text').send('Two-factor authentication is unavailable.');
      });
    },
  };
}

/** The page that failed. Not `//elsewhere`, which a link would take for another site. */
function retryUrl(req: Request, places: Places): string | null {
  const url = askedUrl(req, places);
  return req.method === 'GET' && /^\/(?![/\\])/.test(url) ? url : null;
}

interface Problem {
  readonly status: number;
  readonly error: string;
  readonly heading: string;
  readonly text: string;
  readonly advice: string | null;
  readonly href: string | null;
  /** Of the way on. */
  readonly label: string;
}

function describe(error: unknown, { method }: Request): Problem {
  if (error instanceof RequestError) {
    return {
      status: error.status,
      error: error.error,
      heading: BY_ERROR[error.error]?.heading ?? HEADINGS[error.status] ?? 'That did not work',
      text: error.message,
      advice: null,
      href: error.href,
      label: BY_ERROR[error.error]?.label ?? GO_ON,
    };
  }
  const status = httpStatus(error);
  if (status !== null) {
    // Thrown by the body parsers: too large, not JSON, an unknown charset.
    return {
      status,
      error: 'invalid_request',
      heading: HEADINGS[status] ?? 'That did not work',
      text: 'The request could not be read.',
      advice: null,
      href: null,
      label: GO_ON,
    };
  }
  const heals = mayHeal(error);
  return {
    status: 503,
    error: 'unavailable',
    heading: heals ? 'Please try again in a moment' : 'This cannot go on now',
    text: 'Your sign-in cannot be checked right now, so nobody is let in.',
    advice: heals ? waitAdvice(method) : 'Waiting does not help here: tell your administrator.',
    href: null,
    label: 'Try again',
  };
}

// What failed may have failed halfway, or in time for its answer only: that nothing was changed is not known.
function waitAdvice(method: string): string {
  return method === 'POST'
    ? 'Wait a few seconds, and look whether it was done before you try again; if it goes on, tell your administrator.'
    : 'Wait a few seconds and try again; if it goes on, tell your administrator.';
}

interface Words {
  readonly heading: string;
  readonly label?: string;
}

const BY_ERROR: Readonly<Partial<Record<string, Words>>> = {
  session_ended: { heading: 'This session has ended' },
  second_factor_missing: { heading: 'Activate a second factor first', label: 'Activate' },
};

const HEADINGS: Readonly<Record<number, string>> = {
  401: 'Confirm that it is you',
  400: 'That request was not understood',
  403: 'Please try that again',
  404: 'There is no such page',
  405: 'That is not possible here',
  409: 'That is not possible now',
  413: 'That was too much',
};

function httpStatus(error: unknown): number | null {
  const { status, expose } = (error ?? {}) as { status?: unknown; expose?: unknown };
  // Express's router says 400, and nothing of exposing it, for a path that cannot be decoded.
  const meant = expose === true || error instanceof URIError;
  return typeof status === 'number' && status >= 400 && status < 500 && meant ? status : null;
}
