import type { Request, Response } from 'express';
import type { Prompt } from '../../contracts.js';
import { broken } from '../../errors.js';
import type { KnownSituation } from '../../gate/situation.js';
import { wantsHtml } from '../../web/accept.js';
import type { MethodPlace, MethodWeb } from '../pages.js';
import type { DuoError } from './failure.js';
import type { DuoPromptLocals } from './locals.js';
import { duoWords } from './words.js';

declare module '../../session/session-data.js' {
  interface SallyportSessionData {
    /** The page from which this person was sent to Duo, and the enrollment to be replaced. */
    duo?: { readonly url: string; readonly replaces: string | null };
  }
}

export interface Leading {
  lead(
    req: Request,
    res: Response,
    situation: KnownSituation,
    prompt: Prompt,
    place: MethodPlace,
    /** The person has just pressed the button, so nothing is asked again. */
    how?: { readonly pressed?: boolean },
  ): Promise<void>;
  failed(
    req: Request,
    res: Response,
    situation: KnownSituation,
    error: DuoError,
    place: MethodPlace,
  ): Promise<void>;
}

/** The pages before the visit to Duo. */
export function duoLeading({ respond, audit, own, onError }: MethodWeb): Leading {
  /**
   * Leads to Duo. Always by a page and never by a redirect: Chrome applies a form's `form-action` to the redirects
   * after it, also for the host's login form. A person who comes back without an answer, and has other methods, is
   * not sent there again at once.
   */
  async function lead(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    prompt: Prompt,
    { purpose, url, reason, others, later, replaces, rememberDays }: MethodPlace,
    { pressed = false }: { readonly pressed?: boolean } = {},
  ): Promise<void> {
    if (prompt.kind !== 'leave') throw broken('Duo has no form');
    const { url: href } = prompt;
    const cameBack = req.session.sallyport?.duo?.url === url;
    const mayChoose = cameBack && purpose === 'challenge' && others.length > 0;
    const atOnce = pressed || (!mayChoose && rememberDays === null);
    req.session.sallyport = { ...req.session.sallyport, duo: { url, replaces } };
    // An activation drops a route's pending demand, which would ask for a proof on the way back.
    if (purpose === 'activate') delete req.session.sallyport.stepUp;
    if (atOnce && wantsHtml(req)) res.set('Refresh', `0; url=${href}`);
    await respond.page(req, res, {
      view: 'duo/prompt',
      title: own.title,
      subject,
      locals: {
        ...{ purpose, reason, atOnce, href, error: null, otherMethods: others, later },
        remember: rememberDays === null ? null : { action: url, days: rememberDays },
      } satisfies Omit<DuoPromptLocals, 'frame'>,
      json: {
        next: purpose === 'activate' ? 'enroll' : 'challenge',
        method: 'duo',
        url: href,
        rememberDays,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  /** Answers a failure of Duo with a 503 that offers other methods and lets nobody in. */
  async function failed(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    error: DuoError,
    { purpose, url, reason, others, later }: MethodPlace,
  ): Promise<void> {
    onError(error);
    const detail = `${error.code} ${error.summary}`;
    audit.record('unavailable', { subject, method: 'duo', from: req, detail });
    const message = respond.say(duoWords(error.outage ? 'failed.outage' : 'failed.other'));
    res.set('Retry-After', '30');
    await respond.page(req, res, {
      status: 503,
      view: 'duo/prompt',
      title: own.title,
      subject,
      locals: {
        ...{ purpose, reason, error: message, later },
        atOnce: false,
        remember: null,
        href: url,
        otherMethods: others,
      } satisfies Omit<DuoPromptLocals, 'frame'>,
      json: { error: 'unavailable', message, method: 'duo', url },
    });
  }

  return { lead, failed };
}
