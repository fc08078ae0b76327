import type { Request, Response } from 'express';
import type { Challenge, SecondFactorMethod } from '../contracts.js';
import { RequestError } from '../errors.js';
import { nextUrl } from '../gate/gate.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import { RECOVERY_CODE } from '../methods/recovery-code/method.js';
import { appNames } from '../methods/totp/app-names.js';
import { readFields } from '../web/fields.js';
import { besideProtocol } from '../web/protocol.js';
import type { DuoPlace } from './duo.js';
import { duoChallenge } from './duo-challenge.js';
import type { Handler, PageConfig } from './enrolling.js';
import { openDoor, prove, type Refusal, refusal } from './proof.js';

const REASONS = {
  'not-proven': null,
  'step-up': 'step-up',
  'to-enroll-another': 'enroll-other',
} as const;

/** The pages on which a person proves a method that they have. */
export function challengePages(config: PageConfig) {
  const { path, respond, now } = config;
  const duo = duoChallenge(config);

  function asked(
    req: Request,
    res: Response,
    { decision }: KnownSituation,
  ): { methods: SecondFactorMethod[]; reason: (typeof REASONS)[keyof typeof REASONS] } | null {
    if (decision.kind === 'enroll') {
      respond.onward(req, res, nextUrl(path, decision), { next: 'enroll' });
      return null;
    }
    if (decision.kind !== 'challenge') {
      respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
      return null;
    }
    const methods = decision.methods
      .map((name) => config.methods.get(name))
      .filter((method) => method !== undefined);
    return { methods, reason: REASONS[decision.why] };
  }

  /** Whether a remembered device has answered in the place of a code, here as at the gate. */
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
    // A copy was noticed, and this session has another id: what was found out about the old one is void.
    if (req.sessionID === before) return false;
    respond.onward(req, res, nextUrl(path, decision), { next: 'challenge' });
    return true;
  }

  function othersThan(method: SecondFactorMethod, methods: readonly SecondFactorMethod[]) {
    return methods
      .filter((other) => other !== method)
      .map(({ name, title }) => ({ title, href: `${path}/challenge/${name}` }));
  }

  /** Where the way to Duo begins; null for any other method. */
  function duoPlace(
    method: SecondFactorMethod,
    situation: KnownSituation,
    { methods, reason }: NonNullable<ReturnType<typeof asked>>,
  ): DuoPlace | null {
    if (method !== config.duo) return null;
    const url = `${path}/challenge/${method.name}`;
    const others = othersThan(method, methods);
    return {
      ...{ purpose: 'challenge', url, reason, others, later: null, replaces: null },
      rememberDays: reason === null ? rememberDays(situation) : null,
    };
  }

  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { methods, reason }: NonNullable<ReturnType<typeof asked>>,
    method: SecondFactorMethod,
    wrong: Refusal | null,
  ): Promise<void> {
    const attempt = config.attemptOf(situation, {});
    const { data } = await method.challenge(attempt);
    const action = `${path}/challenge/${method.name}`;
    const others = othersThan(method, methods);
    const said = { action, error: wrong?.message ?? null, otherMethods: others };
    const answer = {
      status: wrong?.status ?? 200,
      subject: situation.subject,
      json: besideProtocol(data, {
        ...(wrong
          ? { error: wrong.error, message: wrong.message, retryAt: wrong.retryAt?.iso ?? null }
          : {}),
        next: 'challenge',
        method: method.name,
        methods: methods.map(({ name }) => name),
        url: action,
        rememberDays: rememberDays(situation),
      }),
    };
    if (method.name === RECOVERY_CODE) {
      const title = 'Use a recovery code';
      await respond.page(req, res, {
        ...answer,
        view: 'challenge-recovery-code',
        title,
        locals: said,
      });
      return;
    }
    await respond.page(req, res, {
      ...answer,
      view: 'challenge-totp',
      title: 'Enter your code',
      locals: {
        ...said,
        issuer: appNames({ account: '', ...attempt }).issuer,
        digits: Number(data.digits),
        digitsText: digitsText(data),
        retryAt: wrong?.retryAt ?? null,
        reason,
        rememberDays: reason === null ? rememberDays(situation) : null,
      },
    });
  }

  const preferred: Handler = async (req, res, situation) => {
    if (await recognized(req, res, situation)) return;
    const challenge = asked(req, res, situation);
    const [first] = challenge?.methods ?? [];
    if (!challenge) return;
    if (!first) throw new RequestError(403, 'no_method', 'None of your methods is accepted here.');
    respond.onward(req, res, `${path}/challenge/${first.name}`, {
      next: 'challenge',
      methods: challenge.methods.map(({ name }) => name),
    });
  };

  function one(methods: readonly SecondFactorMethod[], req: Request): SecondFactorMethod {
    const method = methods.find(({ name }) => name === req.params.method);
    if (!method) throw new RequestError(404, 'not_found', 'This method is not yours to use here.');
    return method;
  }

  const ask: Handler = async (req, res, situation) => {
    if (await recognized(req, res, situation)) return;
    const challenge = asked(req, res, situation);
    if (!challenge) return;
    const method = one(challenge.methods, req);
    const place = duoPlace(method, situation, challenge);
    if (place) await duo.ask(req, res, situation, place);
    else await show(req, res, situation, challenge, method, null);
  };

  const verify: Handler = async (req, res, situation) => {
    const { code, remember } = readFields(req, ['code', 'remember']);
    // A code is a proof of its own, and the better one.
    if (code === undefined && (await recognized(req, res, situation))) return;
    const challenge = asked(req, res, situation);
    if (!challenge) return;
    const method = one(challenge.methods, req);
    const place = duoPlace(method, situation, challenge);
    const wanted = remember === '1';
    if (place) return duo.answer(req, res, situation, place, wanted);
    const verdict = await prove(config, req, res, situation, method, { kind: 'verify' });
    switch (verdict.kind) {
      case 'verified':
        return openDoor(config, req, res, situation, method.name, verdict, { remember: wanted });
      case 'rejected':
      case 'locked': {
        // The first of two clicks, on another process, has got in with this very answer.
        if (await config.tryAgain(req, res)) return;
        const wrong = refusal(verdict, { now: now(), res, words: method.words });
        return show(req, res, situation, challenge, method, wrong);
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  };

  return { preferred, ask, verify };
}

function digitsText({ digits, digitsAccepted }: Challenge['data']): string {
  const lengths = Array.isArray(digitsAccepted) ? digitsAccepted : [digits];
  return `${lengths.join(' or ')} digits`;
}

function rememberDays({ facts }: KnownSituation): number | null {
  const seconds = facts.policy.rememberDeviceSeconds;
  return seconds === null ? null : Math.floor(seconds / (24 * 3600));
}
