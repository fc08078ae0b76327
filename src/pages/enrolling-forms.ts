import type { Request, Response } from 'express';
import type { KnownSituation } from '../gate/situation.js';
import type { EnrollableMethod } from '../methods/bound.js';
import type { Begun } from '../methods/bound-enrollment.js';
import { NAME_LENGTH } from '../names.js';
import type { Stylesheets } from '../web/assets.js';
import type { Later, MethodLink } from '../web/locals.js';
import { besideProtocol } from '../web/protocol.js';
import type { Refusal } from '../web/refusal.js';
import type { AnyResponder } from '../web/respond.js';
import { formLocals, jsonOf, leavesNowhere, saidOf } from './method-form.js';

/** Where an enrollment takes place: at login, or in My Profile. */
export interface Place {
  readonly method: EnrollableMethod;
  /** GET shows the form, POST confirms it; `/begin`, `/restart` and `/key` below it are POST. */
  readonly url: string;
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment that is replaced, in My Profile. */
  readonly replaces: string | null;
  /** What the new one is called unless its owner names it otherwise; null where it is not named. */
  readonly name: string | null;
}

/** The forms of an enrollment, as pages and as JSON. `wrong`: what was wrong with the answer before. */
export function enrollingForms({
  respond,
  stylesheets,
}: {
  readonly respond: Pick<AnyResponder, 'page'>;
  readonly stylesheets: Pick<Stylesheets, 'scriptOf'>;
}) {
  /** One button: a GET begins nothing in the place of what may have been begun elsewhere. */
  async function showBegin(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later, replaces }: Place,
  ): Promise<void> {
    const action = `${url}/begin`;
    await respond.page(req, res, {
      view: 'activate-begin',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action,
        ...(method.words.begin ?? beginWords(method)),
        replaces: replaces !== null,
        otherMethods: others,
        later,
      },
      json: {
        next: 'enroll',
        method: method.name,
        url,
        begin: action,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  /** What the method asks for to confirm what was begun. */
  async function showForm(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later, name }: Place,
    begun: Begun,
    wrong: Refusal | null,
  ): Promise<void> {
    const prompt = await begun.prompt();
    if (prompt.kind === 'leave') throw leavesNowhere(method);
    const handedOver = begun.basis === 'handover';
    // Whoever was handed something may do without it, unless the organization wants to have seen them.
    const restarts = !handedOver || situation.facts.policy.enrollment === 'self';
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: prompt.view ?? 'activate',
      title: prompt.title,
      subject: situation.subject,
      locals: {
        ...formLocals(method, prompt, stylesheets),
        action: url,
        restartAction: restarts ? `${url}/restart` : null,
        enrollment: begun.id,
        name,
        nameLength: NAME_LENGTH,
        ...saidOf(wrong),
        otherMethods: others,
        later,
      },
      json: besideProtocol(jsonOf(prompt), {
        ...asJson(wrong),
        next: 'enroll',
        method: method.name,
        url,
        enrollment: begun.id,
        ...(handedOver ? { handedOver: true } : { graceEndsAt: later?.until.iso ?? null }),
      }),
    });
  }

  async function showActivationKey(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later }: Place,
    wrong: Refusal | null,
  ): Promise<void> {
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activation-key',
      title: 'Enter your activation key',
      subject: situation.subject,
      locals: { action: `${url}/key`, error: wrong?.message ?? null, otherMethods: others, later },
      json: {
        ...asJson(wrong),
        next: 'activation-key',
        method: method.name,
        url: `${url}/key`,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  return { showBegin, showForm, showActivationKey };
}

function asJson(wrong: Refusal | null): Record<string, unknown> {
  return wrong
    ? {
        error: wrong.error,
        message: wrong.message,
        retryAt: wrong.retryAt?.iso ?? null,
        ...(wrong.clockOffMs !== null && { clockOffSeconds: wrong.clockOffMs / 1000 }),
      }
    : {};
}

/** For a method that says nothing of it. */
function beginWords({ title }: EnrollableMethod) {
  return { heading: title, text: 'The next page says what to do.', button: 'Activate' };
}
