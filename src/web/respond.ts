import type { Request, RequestHandler, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { MessageValues, Sentence, Subject } from '../contracts.js';
import { mayHeal, RequestError, SallyportError } from '../errors.js';
import { message } from '../messages/english.js';
import { worded } from '../messages/message.js';
import type { Sentences } from '../messages/sentences.js';
import { wantsHtml } from './accept.js';
import { noteOnward } from './after-form.js';
import type { Stylesheets } from './assets.js';
import type { Brand } from './branding.js';
import { type CsrfGuard, isCsrfRefusal, refusedToken } from './csrf.js';
import { takeLateForm } from './late-form.js';
import type { Frame, ViewLocals, ViewName } from './locals.js';
import { askedUrl, type Places } from './places.js';
import { seeOther } from './see-other.js';
import type { Views } from './views.js';
import { type Times, times } from './words.js';

export interface RespondConfig extends Places {
  readonly views: Pick<Views, 'render'>;
  readonly sentences: Sentences;
  readonly stylesheets: Stylesheets;
  readonly brandOf: (subject: Subject | null) => Brand;
  readonly csrf: CsrfGuard;
  readonly audit: Audit;
  /** Sets the headers of our pages; errors are answered from below other routes than ours too. */
  readonly headers: RequestHandler;
  /** The subject that the host gives for the request; null when that fails. */
  readonly subjectOf: (req: Request) => Subject | null;
  /** Told of every failure that ends in a 503. */
  readonly onError: (error: unknown) => void;
  /** Whether answers say what failed, for developers: not in production. */
  readonly verbose: boolean;
}

/** One answer in both of its forms: a view for a browser, JSON for a program. */
export interface Answer<Name extends ViewName> {
  readonly status?: number;
  readonly view: Name;
  readonly title: Sentence;
  readonly subject: Subject | null;
  readonly locals: Omit<ViewLocals[Name], 'frame'>;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Responder {
  page<Name extends ViewName>(req: Request, res: Response, answer: Answer<Name>): Promise<void>;
  /**
   * Makes the same answer and resolves to a function that sends it: for changes that must not happen unless their
   * page can be made.
   */
  prepare<Name extends ViewName>(
    req: Request,
    res: Response,
    answer: Answer<Name>,
  ): Promise<() => void>;
  /** Redirects a browser, and gives a program the URL. */
  onward(req: Request, res: Response, url: string, json: Readonly<Record<string, unknown>>): void;
  /** Answers any error: a 4xx as it says, everything else with a 503. Never throws. */
  fail(req: Request, res: Response, error: unknown): void;
  /** The catalog of the door. */
  readonly sentences: Sentences;
  readonly say: Sentences['say'];
  readonly times: Times;
}

const RETRY_AFTER_SECONDS = 5;
/** Errors about one subject, which the event names so that their organization learns of it. */
const NAMING_SUBJECT: ReadonlySet<string> = new Set([
  'ERR_SEALED',
  'ERR_STORE_RECORD',
  'ERR_METHOD',
]);

/** The same for any view. Our own pages and the administrator's each narrow it to their own views. */
export interface AnyResponder
  extends Pick<Responder, 'onward' | 'fail' | 'sentences' | 'say' | 'times'> {
  page(req: Request, res: Response, answer: AnyAnswer): Promise<void>;
  prepare(req: Request, res: Response, answer: AnyAnswer): Promise<() => void>;
}

interface AnyAnswer {
  readonly status?: number;
  readonly view: string;
  readonly title: Sentence;
  readonly subject: Subject | null;
  readonly locals: object;
  readonly json: Readonly<Record<string, unknown>>;
}

export function responder(config: RespondConfig): AnyResponder {
  const { views, sentences, stylesheets, brandOf, csrf, path, homeUrl, loginUrl } = config;
  const { say } = sentences;

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
      notice: takeLateForm(req, res, config) ? say(message('frame.not-taken')) : null,
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
    const whole = { ...locals, frame: frame(req, res, say(title), subject) };
    const html = await views.render(view, whole);
    return () => void begin().type('html').send(html);
  }

  async function page(req: Request, res: Response, answer: AnyAnswer): Promise<void> {
    const send = await prepare(req, res, answer);
    send();
  }

  async function explain(req: Request, res: Response, error: unknown): Promise<void> {
    const problem = describe(isCsrfRefusal(error) ? refusedToken() : error, req, sentences);
    const failure = problem.status === 503 && error instanceof SallyportError ? error : null;
    const said = config.verbose && failure ? failure.message : null;
    const advice =
      failure && said !== null && problem.advice !== null
        ? say(message('error.detail', { advice: problem.advice, code: failure.code, detail: said }))
        : problem.advice;
    config.headers(req, res, () => {});
    if (error instanceof RequestError && error.retryAfterSeconds !== null) {
      res.set('Retry-After', String(error.retryAfterSeconds));
    }
    if (problem.status === 503) {
      res.set('Retry-After', String(RETRY_AFTER_SECONDS));
      config.onError(error);
      const detail = error instanceof SallyportError ? error.code : 'unexpected';
      const subject = NAMING_SUBJECT.has(detail) ? config.subjectOf(req) : null;
      config.audit.record('unavailable', { subject, from: req, detail });
    }
    await page(req, res, {
      status: problem.status,
      view: 'message',
      title: problem.heading,
      // Without name, brand or token, since what failed may be their source.
      subject: null,
      locals: {
        status: problem.status,
        heading: problem.heading,
        text: problem.text,
        advice,
        primary: {
          label: problem.label,
          href: (problem.status === 503 ? retryUrl(req, config) : problem.href) ?? homeUrl,
        },
      },
      json: {
        ...{ error: problem.error, message: problem.text },
        ...(Object.keys(problem.values).length > 0 && { values: problem.values }),
        ...(failure && { code: failure.code }),
        ...(said !== null && { detail: said }),
      },
    });
  }

  return {
    page,
    prepare,
    sentences,
    say,
    times: times(sentences),

    onward(req, res, url, json) {
      res.set('Cache-Control', 'no-store').vary('Accept');
      if (!wantsHtml(req)) {
        res.json({ ...json, url });
        return;
      }
      noteOnward(req, res, config);
      seeOther(res, url);
    },

    fail(req, res, error) {
      if (res.headersSent) {
        res.destroy();
        return;
      }
      explain(req, res, error).catch((another: unknown) => {
        config.onError(another);
        if (res.headersSent) res.destroy();
        else
          res
            .status(503)
            .type('text')
            .send(say(message('error.unavailable.last')));
      });
    },
  };
}

/** The address that failed. Not `//elsewhere`, which as a link leads to another site. */
function retryUrl(req: Request, places: Places): string | null {
  const url = askedUrl(req, places);
  return req.method === 'GET' && /^\/(?![/\\])/.test(url) ? url : null;
}

interface Problem {
  readonly status: number;
  readonly error: string;
  readonly heading: string;
  readonly text: string;
  /** The values in the text, by placeholder. */
  readonly values: MessageValues;
  readonly advice: string | null;
  readonly href: string | null;
  /** The label of the link. */
  readonly label: string;
}

function describe(error: unknown, { method }: Request, { say, at, has }: Sentences): Problem {
  const headingOf = (name: string | number, otherwise: string) =>
    has(`error.heading.${name}`) ? at(`error.heading.${name}`) : otherwise;
  const byStatus = (status: number) => headingOf(status, say(message('error.heading.other')));
  if (error instanceof RequestError) {
    const { sentence } = error;
    const toActivate = error.error === 'second_factor_missing';
    return {
      status: error.status,
      error: error.error,
      heading: headingOf(error.error, byStatus(error.status)),
      text: say(sentence),
      values: typeof sentence === 'string' ? {} : worded(sentence.values, say),
      advice: null,
      href: error.href,
      label: say(message(toActivate ? 'action.activate' : 'action.go-on')),
    };
  }
  const status = httpStatus(error);
  if (status !== null) {
    // Thrown by the body parsers: too large, not JSON, an unknown charset.
    return {
      status,
      error: 'invalid_request',
      heading: byStatus(status),
      text: say(message('error.unreadable')),
      values: {},
      advice: null,
      href: null,
      label: say(message('action.go-on')),
    };
  }
  const heals = mayHeal(error);
  // A failed change may have applied, so the advice is to look before trying again.
  const wait = method === 'POST' ? 'error.unavailable.wait-and-look' : 'error.unavailable.wait';
  return {
    status: 503,
    error: 'unavailable',
    heading: say(
      message(heals ? 'error.unavailable.heading' : 'error.unavailable.heading-for-good'),
    ),
    text: say(message('error.unavailable.text')),
    values: {},
    advice: say(message(heals ? wait : 'error.unavailable.for-good')),
    href: null,
    label: say(message('action.try-again')),
  };
}

function httpStatus(error: unknown): number | null {
  const { status, expose } = (error ?? {}) as { status?: unknown; expose?: unknown };
  // Express's router throws a URIError without `expose` for a path that cannot be decoded.
  const meant = expose === true || error instanceof URIError;
  return typeof status === 'number' && status >= 400 && status < 500 && meant ? status : null;
}
