import type { Request, RequestHandler, Response } from 'express';
import { RequestError } from '../errors.js';
import { isOwnPage, localPath } from '../gate/return-to.js';
import { noteTried, wentOn } from '../session/carried-id.js';
import type { SessionEnds } from '../session/session-ends.js';
import { isNavigation } from '../web/accept.js';
import { formPage, isLateForm } from '../web/late-form.js';
import { askedUrl, type Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';

export interface AgainConfig extends Places {
  readonly ends: SessionEnds;
  readonly respond: Pick<Responder, 'page'>;
  readonly headers: RequestHandler;
}

export type TryAgain = (req: Request, res: Response) => Promise<boolean>;

const HEADING = 'One moment';
const ON_THE_WAY = 'Your sign-in has just gone on in another tab, or with another click.';

/**
 * For whoever carries the id of a session that went on under another one a moment ago: the second of two clicks,
 * a tab that was opened together with others. It opens nothing; but its browser has the new id by now, or in a
 * moment. A navigation tries once more, a program is told to. True when it has answered.
 */
export function tryAgain({ ends, respond, headers, ...config }: AgainConfig): TryAgain {
  const { path, origin, homeUrl, folder } = config;
  return async function answeredAgain(req, res) {
    if (!(await wentOn(req, ends))) return false;
    const page = (heading: string, text: string, primary: { label: string; href: string }) =>
      respond.page(req, res, {
        status: 409,
        view: 'message',
        title: heading,
        subject: null,
        locals: { status: null, advice: null, heading, text, primary },
        json: { error: 'session_renewed', message: 'Send this again: your session has a new id.' },
      });

    headers(req, res, () => {});
    if (!isNavigation(req)) {
      res.set('Retry-After', '1');
      await page(HEADING, ON_THE_WAY, { label: 'Continue', href: path });
      return true;
    }
    noteTried(req, res, { path: folder, secure: origin.startsWith('https:') });
    if (isLateForm(req) && !isOwnPage(askedUrl(req, config), config)) {
      const href = localPath(formPage(req, config), config) ?? homeUrl;
      const text = `${ON_THE_WAY} What you sent was not taken: go back to the form and send it again.`;
      await page('Please send that again', text, { label: 'Back to the form', href });
      return true;
    }
    // Of our own pages, where the new session stands tells which is the next.
    const href = req.method === 'GET' ? (localPath(askedUrl(req, config), config) ?? path) : path;
    res.set('Refresh', `1; url=${href}`);
    await page(HEADING, `${ON_THE_WAY} You are brought there.`, { label: 'Continue', href });
    return true;
  };
}

/**
 * Answers failures: whoever has lost a race with the first of two clicks, or with another tab, is not told that the
 * session has ended, which has gone on.
 */
export function failing(tryAgain: TryAgain, { fail }: Pick<Responder, 'fail'>): Responder['fail'] {
  return function failed(req, res, error) {
    const ended = error instanceof RequestError && error.error === 'session_ended';
    if (!ended || res.headersSent) {
      fail(req, res, error);
      return;
    }
    tryAgain(req, res).then(
      (answered) => {
        if (!answered) fail(req, res, error);
      },
      (another: unknown) => fail(req, res, another),
    );
  };
}
