import type { Request, Response } from 'express';
import type { Keyring } from '../contracts.js';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { wantsHtml } from './accept.js';
import { AFTER_FORM_MS, isSoonAfterForm } from './after-form.js';
import { askedUrl, type Places } from './places.js';
import type { Responder } from './respond.js';

export interface LeaveConfig extends Pick<Places, 'origin' | 'stripped' | 'path'> {
  readonly keyring: Keyring;
  readonly respond: Responder;
  readonly now: () => number;
}

const SEALED_FOR = JSON.stringify(['leave']);

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Chromium applies `form-action 'self'` of a form's page to every redirect after the form: it blocks one to another
 * site, which a page behind the gate, or the login page, may well answer with. So such a redirect leads to a page of
 * ours, which ends the chain and forwards to the site.
 */
export type Leaving = ReturnType<typeof leaving>;

export function leaving({ keyring, respond, now, ...places }: LeaveConfig) {
  const { origin, path } = places;
  const page = `${path}/leave`;

  /** Our page that forwards to another site; null for a location on this site, or none. */
  function pageFor(req: Request, location: unknown): string | null {
    if (typeof location !== 'string') return null;
    const here = new URL(askedUrl(req, places).replace(/^\/{2,}/, '/'), origin);
    if (!URL.canParse(location, here.href)) return null;
    const url = new URL(location, here);
    if (url.origin === origin || ['javascript:', 'data:'].includes(url.protocol)) return null;
    const plain = JSON.stringify({ url: url.href, until: now() + AFTER_FORM_MS });
    const sealed = Buffer.from(keyring.seal(Buffer.from(plain), SEALED_FOR));
    return `${page}?to=${sealed.toString('base64url')}`;
  }

  return {
    /** Watches a request that may be answered with such a redirect: a navigation soon after a form of ours. */
    watch(req: Request, res: Response): void {
      if (!isSoonAfterForm(req)) return;
      if (req.method !== 'GET' || !wantsHtml(req)) return;
      const { writeHead } = res;
      res.writeHead = (status: number, ...rest: unknown[]) => {
        if (!REDIRECTS.includes(status)) return Reflect.apply(writeHead, res, [status, ...rest]);
        const given = rest.map((one) => redirected(one, (location) => pageFor(req, location)));
        const instead = pageFor(req, res.getHeader('Location'));
        if (instead !== null) res.setHeader('Location', instead);
        return Reflect.apply(writeHead, res, [status, ...given]);
      };
    },

    /** GET: forwards to the other site. */
    async show(req: Request, res: Response): Promise<void> {
      const href = opened(req.query.to);
      if (href === null) {
        throw new RequestError(404, 'not_found', message('leave.over'));
      }
      res.set('Refresh', `0; url=${href}`);
      await respond.page(req, res, {
        view: 'message',
        title: message('leave.title'),
        subject: null,
        locals: {
          ...{ status: null, advice: null, heading: respond.say(message('leave.title')) },
          text: respond.say(message('leave.text')),
          primary: { label: respond.say(message('action.continue')), href },
        },
        json: { url: href },
      });
    },
  };

  function opened(value: unknown): string | null {
    if (typeof value !== 'string') return null;
    try {
      const plain = keyring.open(Buffer.from(value, 'base64url'), SEALED_FOR);
      const { url, until }: { url: string; until: number } = JSON.parse(
        Buffer.from(plain).toString(),
      );
      return now() < until ? url : null;
    } catch {
      // Not sealed by us: this page forwards only where the host has redirected to.
      return null;
    }
  }
}

/** The headers given to `writeHead`, in either form, with Location replaced if `instead` gives one. */
function redirected(given: unknown, instead: (location: unknown) => string | null): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) {
    return given.map((value, at) => {
      const name = at % 2 === 1 ? given[at - 1] : null;
      return isLocation(name) ? (instead(value) ?? value) : value;
    });
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      isLocation(name) ? (instead(value) ?? value) : value,
    ]),
  );
}

function isLocation(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === 'location';
}
