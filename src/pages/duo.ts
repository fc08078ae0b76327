import type { Request, Response } from 'express';
import type { Challenge, RefusalReason, Verdict } from '../contracts.js';
import { RequestError } from '../errors.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import { DuoError } from '../methods/duo/failure.js';
import { sessionEnded } from '../session/elevate.js';
import { wantsHtml } from '../web/accept.js';
import type { Later, MethodLink } from '../web/locals.js';
import { askedUrl } from '../web/places.js';
import { REFUSAL_STATUS, readCallback } from './duo-callback.js';
import type { Handler, PageConfig } from './enrolling.js';
import { openDoor, prove } from './proof.js';

const TITLE = 'Duo Security';

/** Where the way to Duo begins: a page of ours, and what is said on it. */
export interface DuoPlace {
  readonly purpose: 'activate' | 'challenge';
  /** GET begins again. */
  readonly url: string;
  readonly reason: null | 'step-up' | 'enroll-other';
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  readonly replaces: string | null;
  /** For how many days this device may be remembered; null where that is not offered. */
  readonly rememberDays: number | null;
  /** The person has just pressed the button that leads on, so nothing is asked again. */
  readonly pressed?: boolean;
}

/** The pages on the way to Duo and back. */
export function duoPages(config: PageConfig) {
  const { path, respond, origin } = config;
  const profile = `${path}/profile`;

  /**
   * Leads on to Duo. Always a page and never a redirect: Chrome holds redirects after a form to the form's
   * `form-action`, the host's login form included. Whoever comes back from Duo without an answer, and has
   * other methods, is not sent there again at once.
   */
  async function lead(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    { data }: Challenge,
    { purpose, url, reason, others, later, replaces, rememberDays, pressed = false }: DuoPlace,
  ): Promise<void> {
    const href = String(data.url);
    const cameBack = req.session.sallyport?.duo?.url === url;
    const mayChoose = cameBack && purpose === 'challenge' && others.length > 0;
    const atOnce = pressed || (!mayChoose && rememberDays === null);
    req.session.sallyport = { ...req.session.sallyport, duo: { url, replaces } };
    // Whoever goes to activate has left what a route demanded of them; on the way back it would ask for a proof.
    if (purpose === 'activate') delete req.session.sallyport.stepUp;
    if (atOnce && wantsHtml(req)) res.set('Refresh', `0; url=${href}`);
    await respond.page(req, res, {
      view: 'prompt-duo',
      title: TITLE,
      subject,
      locals: {
        ...{ purpose, reason, atOnce, href, error: null, otherMethods: others, later },
        remember: rememberDays === null ? null : { action: url, days: rememberDays },
      },
      json: {
        next: purpose === 'activate' ? 'enroll' : 'challenge',
        method: 'duo',
        url: href,
        rememberDays,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  /** Duo failed: a 503 that says so, offers what else there is, and lets nobody in. */
  async function failed(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    error: DuoError,
    { purpose, url, reason, others, later }: Omit<DuoPlace, 'replaces' | 'rememberDays'>,
  ): Promise<void> {
    config.onError(error);
    const from = req.ip ?? null;
    const detail = `${error.code} ${error.summary}`;
    config.audit.record('unavailable', { subject, method: 'duo', from, detail });
    const message = error.outage
      ? 'Duo cannot be reached at the moment. Nobody is let in without it: try again in a few minutes.'
      : 'Duo does not work for your organization at the moment. If it goes on, tell your administrator.';
    res.set('Retry-After', '30');
    await respond.page(req, res, {
      status: 503,
      view: 'prompt-duo',
      title: TITLE,
      subject,
      locals: {
        ...{ purpose, reason, error: message, later },
        atOnce: false,
        remember: null,
        href: url,
        otherMethods: others,
      },
      json: { error: 'unavailable', message, method: 'duo', url },
    });
  }

  const callback: Handler = async (req, res, situation) => {
    const { decision, subject } = situation;
    const begun = req.session.sallyport?.duo ?? null;
    const enrolled = decision.kind === 'pass' && decision.why === 'proven';
    const volunteer =
      decision.kind === 'pass' && (decision.why === 'not-enrolled' || decision.why === 'postponed');
    // The same address a second time: what it was for is done.
    if (decision.kind === 'pass' && !volunteer && !(enrolled && begun)) {
      respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
      return;
    }
    if (enrolled && !(await config.requireFresh(req, res, profile))) return;
    const verifying = decision.kind === 'challenge';
    const input = readCallback(req, origin);
    const operation = verifying
      ? ({ kind: 'verify' } as const)
      : ({ kind: 'confirm', replaces: begun?.replaces ?? null } as const);
    const place = {
      purpose: verifying ? ('challenge' as const) : ('activate' as const),
      url: begun?.url ?? `${path}/${verifying ? 'challenge' : 'activate'}/duo`,
      ...{ reason: null, later: null },
      others: othersOf(situation),
    };

    // Where nothing was begun nothing has failed: otherwise addresses typed at will fill the trail.
    const attemptOf: PageConfig['attemptOf'] = (of, given) => ({
      ...config.attemptOf(of, given),
      unrecorded: begun === null,
    });
    let verdict: Verdict;
    try {
      verdict = await prove(
        { ...config, attemptOf },
        req,
        res,
        situation,
        config.duo,
        operation,
        input,
      );
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return failed(req, res, situation, error, place);
    }
    // The answer of an older tab leaves alone what was begun after it.
    const superseded = verdict.kind === 'rejected' && verdict.reason === 'superseded';
    if (req.session.sallyport?.duo && !superseded) delete req.session.sallyport.duo;
    switch (verdict.kind) {
      case 'verified': {
        if (operation.kind === 'confirm' && operation.replaces !== null) {
          const { replaces } = operation;
          const { enrollments } = situation.facts.record;
          config.audit.record('enrollment.removed', {
            ...{ subject, method: 'duo', from: req.ip ?? null, detail: 'replaced' },
            enrollments: enrollments.filter(({ id }) => id === replaces),
          });
        }
        if (enrolled || begun?.url.startsWith(`${profile}/`)) {
          const done = begun?.replaces == null ? 'activated' : 'replaced';
          req.session.sallyport = {
            ...req.session.sallyport,
            returnTo: `${profile}?done=${done}`,
          };
        }
        const codesDue = !verifying && config.recoveryCodes.due(situation, config.duo);
        return openDoor(config, req, res, situation, 'duo', verdict, { codesDue });
      }
      case 'rejected':
        if (verdict.reason === 'malformed' && begun) {
          const facts = { subject, method: 'duo', from: req.ip ?? null };
          const type = verifying ? 'verification.failed' : 'enrollment.failed';
          config.audit.record(type, { ...facts, detail: 'malformed: callback' });
        }
        return refused(req, res, situation, verdict.reason, place);
      case 'locked':
        throw new RequestError(429, 'locked', 'Please try again later.');
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  };

  function othersOf({ decision }: KnownSituation): MethodLink[] {
    if (decision.kind !== 'challenge') return [];
    return decision.methods
      .filter((name) => name !== 'duo')
      .map((name) => ({
        title: config.methods.get(name)?.title ?? name,
        href: `${path}/challenge/${name}`,
      }));
  }

  async function refused(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    reason: RefusalReason | 'ended',
    { purpose, url, reason: why, others, later }: Omit<DuoPlace, 'replaces' | 'rememberDays'>,
  ): Promise<void> {
    if (reason === 'ended') throw sessionEnded();
    const message = config.duo.words.refused[reason];
    await respond.page(req, res, {
      status: REFUSAL_STATUS[reason],
      view: 'prompt-duo',
      title: TITLE,
      subject,
      locals: {
        ...{ purpose, reason: why, error: message, later },
        atOnce: false,
        remember: null,
        href: url,
        otherMethods: others,
      },
      json: { error: reason, message, method: 'duo', url },
    });
  }

  /**
   * A session cookie with `SameSite=Strict` stays behind when the browser comes from Duo, and is there again
   * when it comes from a page of ours: this one. True when it has answered.
   */
  async function cameWithoutSession(req: Request, res: Response): Promise<boolean> {
    const crossed = ['cross-site', 'same-site'].includes(req.get('sec-fetch-site') ?? '');
    if (!crossed || !wantsHtml(req)) return false;
    const href = askedUrl(req, config);
    res.set('Refresh', `0; url=${href}`);
    await respond.page(req, res, {
      status: 401,
      view: 'message',
      title: TITLE,
      subject: null,
      locals: {
        ...{ status: null, advice: null },
        heading: 'Coming back from Duo',
        text: 'You are brought back in a moment.',
        primary: { label: 'Continue', href },
      },
      json: {},
    });
    return true;
  }

  return { lead, failed, callback, cameWithoutSession };
}
