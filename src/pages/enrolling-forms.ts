import type { Request, Response } from 'express';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import type { Begun, EnrollableMethod } from '../methods/bound-method.js';
import { formLocals, jsonOf, leavesNowhere, saidOf } from '../methods/method-form.js';
import { NAME_LENGTH } from '../names.js';
import { wantsHtml } from '../web/accept.js';
import type { Stylesheets } from '../web/assets.js';
import type { Later, MethodLink } from '../web/locals.js';
import { besideProtocol } from '../web/protocol.js';
import type { Refusal } from '../web/refusal.js';
import type { AnyResponder } from '../web/respond.js';

/** The place of an enrollment: at login, or in My Profile. */
export interface Place {
  readonly method: EnrollableMethod;
  /** GET shows the form, POST confirms it; `/begin`, `/restart` and `/key` below it are POST. */
  readonly url: string;
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment to replace, in My Profile. */
  readonly replaces: string | null;
  /** The default name of the new one; null if it gets none. */
  readonly name: string | null;
}

/** The forms of an enrollment, as pages and as JSON. `wrong`: what was wrong with the previous answer. */
export function enrollingForms(config: {
  readonly respond: Pick<AnyResponder, 'page' | 'sentences'>;
  readonly stylesheets: Pick<Stylesheets, 'scriptOf'>;
}) {
  const { respond } = config;

  /** One button, since a GET must not replace what may have been begun elsewhere. */
  async function showBegin(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later, replaces }: Place,
  ): Promise<void> {
    const action = `${url}/begin`;
    await respond.page(req, res, {
      view: 'activate-begin',
      title: message('activate.title'),
      subject: situation.subject,
      locals: {
        action,
        ...beginWords(method, respond.sentences),
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

  /** The method's prompt to confirm what was begun. */
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
    // A person may ignore what was handed over, unless the organization demands an activation key.
    const isPage = wantsHtml(req);
    const restarts = !handedOver || situation.facts.policy.enrollment === 'self';
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: prompt.view ?? 'activate',
      title: prompt.title,
      subject: situation.subject,
      locals: {
        ...(isPage && formLocals(method, prompt, config)),
        action: url,
        restartAction: restarts ? `${url}/restart` : null,
        enrollment: begun.id,
        name,
        nameLength: NAME_LENGTH,
        ...saidOf(wrong),
        otherMethods: others,
        later,
      },
      json: besideProtocol(isPage ? {} : jsonOf(prompt, req), {
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
      title: message('activation-key.title'),
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
        values: wrong.values,
        retryAt: wrong.retryAt?.iso ?? null,
        ...(wrong.clockOffMs !== null && { clockOffSeconds: wrong.clockOffMs / 1000 }),
      }
    : {};
}

/** The general sentence, for a method without its own. */
function beginWords({ name, title }: EnrollableMethod, { at, has, say }: Sentences) {
  const begin = `${name}.begin`;
  if (has(`${begin}.heading`)) {
    return {
      heading: at(`${begin}.heading`),
      text: at(`${begin}.text`),
      button: at(`${begin}.button`),
    };
  }
  const text = say(message('activate.begin.text'));
  return { heading: title, text, button: say(message('action.activate')) };
}
