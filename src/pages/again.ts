import type { Request, RequestHandler, Response } from 'express';
import type { Message } from '../contracts.js';
import { RequestError } from '../errors.js';
import { isOwnPage, localPath } from '../gate/return-to.js';
import { message } from '../messages/english.js';
import { noteTried, wentOn } from '../session/carried-id.js';
import type { SessionEnds } from '../session/session-ends.js';
import { isNavigation } from '../web/accept.js';
import { formPage, isLateForm } from '../web/late-form.js';
import { askedUrl, type Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';

export interface AgainConfig extends Places {
  readonly ends: SessionEnds;
  readonly respond: Pick<Responder, 'page' | 'say'>;
  readonly headers: RequestHandler;
}

/** `goesOn`: the session is known to continue under another id. */
export type TryAgain = (req: Request, res: Response, goesOn?: boolean) => Promise<boolean>;

/**
 * For whoever carries the id of a session that went on under another one a moment ago: the second of two clicks,
 * a tab that was opened together with others. It opens nothing; but its browser has the new id by now, or in a
 * moment. A navigation tries once more, a program is told to. True when it has answered.
 */
export function tryAgain({ ends, respond, headers, ...config }: AgainConfig): TryAgain {
  const { path, origin, homeUrl, folder } = config;
  const { say } = respond;
  return async function answeredAgain(req, res, goesOn = false) {
    if (!(await wentOn(req, ends, goesOn))) return false;
    const page = (title: Message, text: Message, label: Message, href: string) => {
      const heading = say(title);
      const primary = { label: say(label), href };
      return respond.page(req, res, {
        status: 409,
        view: 'message',
        title: heading,
        subject: null,
        locals: { status: null, advice: null, heading, text: say(text), primary },
        json: { error: 'session_renewed', message: say(message('gate.renewed')) },
      });
    };
    const heading = message('again.heading');
    const goOn = message('action.continue');

    headers(req, res, () => {});
    if (!isNavigation(req)) {
      res.set('Retry-After', '1');
      await page(heading, message('again.text'), goOn, path);
      return true;
    }
    noteTried(req, res, { origin, path: folder });
    if (isLateForm(req) && !isOwnPage(askedUrl(req, config), config)) {
      const href = localPath(formPage(req, config), config) ?? homeUrl;
      const text = message('again.text-form');
      await page(message('again.heading-form'), text, message('again.to-form'), href);
      return true;
    }
    // For our own pages, the state of the new session decides the next one.
    const href = req.method === 'GET' ? (localPath(askedUrl(req, config), config) ?? path) : path;
    res.set('Refresh', `1; url=${href}`);
    await page(heading, message('again.text-brought'), goOn, href);
    return true;
  };
}

/**
 * Answers errors: a request that lost a race with the first of two clicks, or with another tab, is not told that the
 * session has ended, since it continues.
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
