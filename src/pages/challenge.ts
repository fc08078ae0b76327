import type { Request, Response } from 'express';
import { RequestError } from '../errors.js';
import { nextUrl } from '../gate/gate.js';
import { takeReturnTo, takeWanted } from '../gate/return-to.js';
import { offersAsJson, type SignInOffer } from '../gate/sign-in-again.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { BoundMethod } from '../methods/bound-method.js';
import { answerFields, formLocals, jsonOf, leavesNowhere, saidOf } from '../methods/method-form.js';
import type { Handler, MethodPlace } from '../methods/pages.js';
import { wantsHtml } from '../web/accept.js';
import { readFields, SWITCH } from '../web/fields.js';
import type { MethodLink } from '../web/locals.js';
import { besideProtocol } from '../web/protocol.js';
import { type Refusal, refusal } from '../web/refusal.js';
import { noneAccepted } from './none-accepted.js';
import { outageOf } from './outage.js';
import { overtaken } from './overtaken.js';
import type { PageConfig } from './page-config.js';
import { completeVerification, prove } from './proof.js';
import { signInLinks } from './sign-in-again.js';

const REASONS = {
  'not-proven': null,
  'step-up': 'step-up',
  'to-enroll-another': 'enroll-other',
} as const;

interface Asked {
  readonly methods: readonly BoundMethod[];
  readonly reason: MethodPlace['reason'];
  /** The sign-ins that they may renew in the place of it. */
  readonly offers: readonly SignInOffer[];
}

/** The pages on which a person proves a method that they have. */
export function challengePages(config: PageConfig) {
  const { path, respond, now } = config;
  const refuse = noneAccepted(config);

  async function asked(
    req: Request,
    res: Response,
    situation: KnownSituation,
  ): Promise<Asked | null> {
    const { decision } = situation;
    if (decision.kind === 'enroll') {
      respond.onward(req, res, nextUrl(path, decision), { next: 'enroll' });
      return null;
    }
    if (decision.kind !== 'challenge') {
      respond.onward(req, res, takeWanted(req, res, config), { next: 'done' });
      return null;
    }
    const methods = decision.methods
      .map((name) => config.methods.get(name))
      .filter((method) => method !== undefined);
    const offers = await config.signInOffers(req, situation);
    return { methods, reason: REASONS[decision.why], offers };
  }

  /** Whether a remembered device has answered instead of a code, as at the gate. */
  async function recognized(
    req: Request,
    res: Response,
    situation: KnownSituation,
  ): Promise<boolean> {
    const { decision } = situation;
    if (decision.kind !== 'challenge' || decision.why !== 'not-proven') return false;
    const before = req.sessionID;
    if (await config.recognize(req, res, situation)) {
      respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
      return true;
    }
    // A copy was noticed and this session has a new id: the facts about the old one are outdated.
    if (req.sessionID === before) return false;
    respond.onward(req, res, nextUrl(path, decision), { next: 'challenge' });
    return true;
  }

  function othersThan(method: BoundMethod, { methods, offers }: Asked): readonly MethodLink[] {
    const others = methods.filter((other) => other !== method);
    return [
      ...others.map(({ name, title }) => ({ title, href: `${path}/challenge/${name}` })),
      ...signInLinks(offers),
    ];
  }

  function placeOf(method: BoundMethod, situation: KnownSituation, challenge: Asked): MethodPlace {
    const { reason } = challenge;
    return {
      ...{ purpose: 'challenge', url: `${path}/challenge/${method.name}`, reason },
      ...{ others: othersThan(method, challenge), later: null, replaces: null },
      rememberDays: reason === null ? rememberDays(situation) : null,
    };
  }

  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    challenge: Asked,
    method: BoundMethod,
    wrong: Refusal | null,
  ): Promise<void> {
    const { methods, reason, offers } = challenge;
    const prompt = await method.challenge(config.attemptOf(situation, {}));
    if (prompt.kind === 'leave') throw leavesNowhere(method);
    const isPage = wantsHtml(req);
    const { url, rememberDays: days, others } = placeOf(method, situation, challenge);
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      subject: situation.subject,
      view: prompt.view ?? 'challenge',
      title: prompt.title,
      locals: {
        ...(isPage && formLocals(method, prompt, config)),
        ...{ action: url, otherMethods: others, reason, rememberDays: days },
        restartAction: method.restart && `${url}/restart`,
        ...saidOf(wrong),
      },
      json: besideProtocol(isPage ? {} : jsonOf(prompt, req), {
        ...(wrong
          ? {
              ...{ error: wrong.error, message: wrong.message, values: wrong.values },
              retryAt: wrong.retryAt?.iso ?? null,
            }
          : {}),
        next: 'challenge',
        method: method.name,
        methods: methods.map(({ name }) => name),
        url,
        rememberDays: rememberDays(situation),
        ...offersAsJson(offers),
      }),
    });
  }

  const preferred: Handler = async (req, res, situation) => {
    if (await recognized(req, res, situation)) return;
    const challenge = await asked(req, res, situation);
    const [first] = challenge?.methods ?? [];
    if (!challenge) return;
    if (!first) return refuse(req, res, situation, challenge.offers);
    // Without a redirect if the address can stay; a method's own page may lead to an outside page and back.
    if (wantsHtml(req) && !config.pagesOf.get(first.name)?.challenge) {
      await show(req, res, situation, challenge, first, null);
      return;
    }
    respond.onward(req, res, `${path}/challenge/${first.name}`, {
      next: 'challenge',
      methods: challenge.methods.map(({ name }) => name),
    });
  };

  function one(methods: readonly BoundMethod[], req: Request): BoundMethod {
    const method = methods.find(({ name }) => name === req.params.method);
    if (!method) throw notYours();
    return method;
  }

  const ask: Handler = async (req, res, situation) => {
    if (await recognized(req, res, situation)) return;
    const challenge = await asked(req, res, situation);
    if (!challenge) return;
    const method = one(challenge.methods, req);
    const own = config.pagesOf.get(method.name)?.challenge;
    if (own) await own.ask(req, res, situation, placeOf(method, situation, challenge));
    else await show(req, res, situation, challenge, method, null);
  };

  const verify: Handler = async (req, res, situation) => {
    const named = String(req.params.method);
    if (!config.methods.has(named)) throw notYours();
    const fields = {
      ...answerFields(config.methods.get(named)?.answer),
      ...answerFields(config.pagesOf.get(named)?.challenge?.fields),
    };
    const { remember, ...answer } = readFields(req, { ...fields, remember: SWITCH });
    // An answer is a proof of its own, better than a device.
    const answered = Object.keys(answer).length > 0;
    if (!answered && (await recognized(req, res, situation))) return;
    const challenge = await asked(req, res, situation);
    if (!challenge) return;
    const method = one(challenge.methods, req);
    const own = config.pagesOf.get(method.name)?.challenge;
    const wanted = remember === '1';
    if (own) {
      return own.answer(req, res, situation, placeOf(method, situation, challenge), wanted);
    }
    const verdict = await prove(config, req, res, situation, method, { kind: 'verify' });
    switch (verdict.kind) {
      case 'verified':
        return completeVerification(config, req, res, situation, method, verdict, {
          remember: wanted,
        });
      case 'rejected':
      case 'locked': {
        // The first of two clicks has succeeded with the same answer on another process.
        if (await overtaken(config, req, res, situation, verdict)) return;
        const wrong = refusal(verdict, {
          ...{ now: now(), res, of: method.name, sentences: respond.sentences },
        });
        return show(req, res, situation, challenge, method, wrong);
      }
      case 'unavailable': {
        const wrong = outageOf(config, req, res, situation, method, verdict.cause);
        return show(req, res, situation, challenge, method, wrong);
      }
      default:
        verdict satisfies never;
    }
  };

  /** POST: sends the method's code or message again. */
  const restart: Handler = async (req, res, situation) => {
    readFields(req, {});
    const challenge = await asked(req, res, situation);
    if (!challenge) return;
    const method = one(challenge.methods, req);
    if (!method.restart) throw new RequestError(404, 'not_found', message('method.sends-nothing'));
    await method.restart(config.attemptOf(situation, {}));
    respond.onward(req, res, `${path}/challenge/${method.name}`, { next: 'challenge' });
  };

  return { preferred, ask, verify, restart };
}

function rememberDays({ facts }: KnownSituation): number | null {
  const seconds = facts.policy.rememberDeviceSeconds;
  return seconds === null ? null : Math.floor(seconds / (24 * 3600));
}

function notYours(): RequestError {
  return new RequestError(404, 'not_found', message('method.not-yours'));
}
