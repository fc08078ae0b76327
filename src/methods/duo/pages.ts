import type { Request, Response } from 'express';
import type { RefusalReason, Verdict } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import type { KnownSituation } from '../../gate/situation.js';
import { message } from '../../messages/english.js';
import { sessionEnded } from '../../session/elevate.js';
import { wantsHtml } from '../../web/accept.js';
import type { MethodLink } from '../../web/locals.js';
import { askedUrl } from '../../web/places.js';
import type { Handler, MethodPages, MethodPlace, MethodWeb } from '../pages.js';
import { REFUSAL_STATUS, readCallback } from './callback.js';
import { duoChallenge, type Outages } from './challenge.js';
import { DuoError } from './failure.js';
import { duoLeading } from './leading.js';
import type { DuoPromptLocals } from './locals.js';
import { duoWords } from './words.js';

/** The pages on the way to Duo and back. */
export function duoPages(web: MethodWeb, outages: Outages): MethodPages {
  const { path, origin, respond, own } = web;
  const profile = `${path}/profile`;
  const leading = duoLeading(web);
  const { lead, failed } = leading;

  const callback: Handler = async (req, res, situation) => {
    const { decision, subject } = situation;
    const begun = req.session.sallyport?.duo ?? null;
    const enrolled = decision.kind === 'pass' && decision.why === 'proven';
    const volunteer =
      decision.kind === 'pass' && (decision.why === 'not-enrolled' || decision.why === 'postponed');
    // The same address a second time: it has been answered.
    if (decision.kind === 'pass' && !volunteer && !(enrolled && begun)) {
      respond.onward(req, res, web.onward(req), { next: 'done' });
      return;
    }
    if (enrolled && !(await web.requireFresh(req, res, profile))) return;
    const verifying = decision.kind === 'challenge';
    const input = readCallback(req, origin);
    const operation = verifying
      ? ({ kind: 'verify' } as const)
      : ({ kind: 'confirm', replaces: begun?.replaces ?? null } as const);
    const place: MethodPlace = {
      purpose: verifying ? 'challenge' : 'activate',
      url: begun?.url ?? `${path}/${verifying ? 'challenge' : 'activate'}/duo`,
      ...{ reason: null, later: null, replaces: null, rememberDays: null },
      others: othersOf(situation),
    };

    let verdict: Verdict;
    try {
      // Without a begun visit nothing has failed; otherwise made-up addresses would fill the trail.
      const answer = { input, unrecorded: begun === null };
      verdict = await web.prove(req, res, situation, own, operation, answer);
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return failed(req, res, situation, error, place);
    }
    // The answer of an older tab must not affect what was begun after it.
    const superseded = verdict.kind === 'rejected' && verdict.reason === 'superseded';
    if (req.session.sallyport?.duo && !superseded) delete req.session.sallyport.duo;
    switch (verdict.kind) {
      case 'verified': {
        if (operation.kind === 'confirm' && operation.replaces !== null) {
          const { replaces } = operation;
          const { enrollments } = situation.facts.record;
          web.audit.record('enrollment.removed', {
            ...{ subject, method: 'duo', from: req, detail: 'replaced' },
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
        return web.completeVerification(req, res, situation, own, verdict, {
          activated: !verifying,
        });
      }
      case 'rejected':
        if (verdict.reason === 'malformed' && begun) {
          const facts = { subject, method: 'duo', from: req };
          const type = verifying ? 'verification.failed' : 'enrollment.failed';
          web.audit.record(type, { ...facts, detail: 'malformed: callback' });
        }
        return refused(req, res, situation, verdict.reason, place);
      case 'locked':
        throw new RequestError(429, 'locked', duoWords('failed.later'));
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
        title: web.method(name)?.title ?? name,
        href: `${path}/challenge/${name}`,
      }));
  }

  async function refused(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    reason: RefusalReason | 'ended',
    { purpose, url, reason: why, others, later }: MethodPlace,
  ): Promise<void> {
    if (reason === 'ended') throw sessionEnded();
    const sentence = respond.say(duoWords(`refused.${reason}`));
    await respond.page(req, res, {
      status: REFUSAL_STATUS[reason],
      view: 'duo/prompt',
      title: own.title,
      subject,
      locals: {
        ...{ purpose, reason: why, error: sentence, later },
        atOnce: false,
        remember: null,
        href: url,
        otherMethods: others,
      } satisfies Omit<DuoPromptLocals, 'frame'>,
      json: { error: reason, message: sentence, method: 'duo', url },
    });
  }

  /**
   * A browser that comes from Duo does not send a session cookie with `SameSite=Strict`, but does when it comes from
   * a page of ours: this one. True when it has answered.
   */
  async function cameWithoutSession(req: Request, res: Response): Promise<boolean> {
    const crossed = ['cross-site', 'same-site'].includes(req.get('sec-fetch-site') ?? '');
    if (!crossed || !wantsHtml(req)) return false;
    const href = askedUrl(req, web);
    res.set('Refresh', `0; url=${href}`);
    await respond.page(req, res, {
      status: 401,
      view: 'message',
      title: own.title,
      subject: null,
      locals: {
        ...{ status: null, advice: null },
        heading: respond.say(duoWords('back.heading')),
        text: respond.say(duoWords('back.text')),
        primary: { label: respond.say(message('action.continue')), href },
      },
      json: {},
    });
    return true;
  }

  return {
    routes: [
      {
        ...{ verb: 'get', path: '/duo/callback', admits: 'known' },
        handler: callback,
        anonymous: cameWithoutSession,
      },
    ],
    challenge: duoChallenge(web, leading, outages),
    activation: {
      async show(req, res, situation, place, begun) {
        await lead(req, res, situation, await begun.prompt(), place);
      },

      /** Duo returns to one address, so the session holds the enrollment to be replaced. */
      isElsewhere(req, { replaces }) {
        const { duo: before } = req.session.sallyport ?? {};
        return before !== undefined && before.replaces !== replaces;
      },

      async failed(req, res, situation, place, error) {
        if (!(error instanceof DuoError)) return false;
        await failed(req, res, situation, error, place);
        return true;
      },
    },
  };
}
