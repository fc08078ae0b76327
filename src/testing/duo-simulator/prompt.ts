import type { Account } from './account.js';
import { authorizeProblems, checkAuthorize } from './authorize-request.js';
import { sendBack } from './callback.js';
import { type PromptStep, problemPage, promptPage } from './prompt-pages.js';
import type { Prompt, PromptEnd } from './prompts.js';
import { page, type Reply, redirect } from './reply.js';
import type { DuoUser } from './users.js';

export const AUTHORIZE_PATH = '/oauth/v1/authorize';
export const PROMPT_PATH = '/frame/prompt/';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Checks the request and opens a prompt. What fails a check is never redirected: its address cannot be trusted. */
export function authorize(account: Account, query: URLSearchParams): Reply {
  const checked = checkAuthorize(query, { ...account, now: account.now() });
  if (typeof checked === 'string') {
    const text = authorizeProblems[checked];
    return page(400, problemPage('Bad request', text, checked), { outcome: checked });
  }
  const { clientId, username, fresh } = checked;
  const { state } = account.users.get(username);
  if (state === 'bypass') {
    return sendBack(account, checked, { status: 302, reason: 'bypass_user' });
  }
  if ((state === 'remembered' || state === 'remembered-now') && !fresh) {
    const ageMs = state === 'remembered' ? DAY_MS : 0;
    return sendBack(account, checked, { status: 302, reason: 'remembered_device', ageMs });
  }
  const { id } = account.prompts.open(checked, account.now());
  return redirect(302, PROMPT_PATH + id, { outcome: 'opened', clientId, username });
}

/** The prompt's page. It has a reload-safe address of its own, and every answer leads back to it. */
export function showPrompt(account: Account, id: string): Reply {
  const prompt = account.prompts.find(id, account.now());
  return prompt ? shown(account, prompt) : unknownPrompt();
}

export function answerPrompt(account: Account, id: string, form: URLSearchParams): Reply {
  const prompt = account.prompts.find(id, account.now());
  if (!prompt) return unknownPrompt();
  const { request } = prompt;
  const { clientId, username } = request;
  const { prompts, users } = account;
  const step = stepOf(prompt, users.get(username));

  function onward(outcome: string, change: { phone?: string | null; end?: PromptEnd | null }) {
    prompts.update(prompt!, change);
    return redirect(303, PROMPT_PATH + id, { outcome, clientId, username });
  }

  switch (`${step} ${form.get('answer')}`) {
    case 'phone phone': {
      const typed = (form.get('phone') ?? '').slice(0, 40);
      const phone = readPhone(typed);
      if (phone) return onward('phone-entered', { phone });
      const alert = 'Enter a mobile number: 7 to 15 digits, with a leading + if you like.';
      return shown(account, prompt, { status: 422, outcome: 'bad-phone', typed, alert });
    }
    case 'confirm change':
      return onward('phone-changed', { phone: null });
    case 'confirm confirm':
      users.enroll(username, prompt.phone!);
      return onward('enrolled', { phone: null });
    case 'ask approve':
      prompts.update(prompt, { end: 'approved' });
      return sendBack(account, request, { status: 303, reason: 'user_approved' });
    case 'ask deny':
      return onward('denied', { end: 'denied' });
    case 'ask fraud':
      return onward('reported-fraud', { end: 'fraud' });
    case 'ask timeout':
      return onward('timed-out', { end: 'timed-out' });
    case 'denied again':
    case 'timed-out again':
      return onward('asked-again', { end: null });
    default:
      return shown(account, prompt, {
        status: 409,
        outcome: 'out-of-turn',
        alert: 'That answer does not fit this page. Here is where the login stands.',
      });
  }
}

function stepOf(prompt: Prompt, { state }: DuoUser): PromptStep {
  if (prompt.end === 'approved') return 'approved';
  if (state === 'locked' || state === 'disabled') return state;
  if (prompt.end !== null) return prompt.end;
  if (state === 'unenrolled') return prompt.phone === null ? 'phone' : 'confirm';
  return 'ask';
}

interface Shown {
  readonly status: number;
  readonly outcome: string;
  readonly typed?: string;
  readonly alert: string;
}

function shown(account: Account, prompt: Prompt, as?: Shown): Reply {
  const { clientId, username, destination } = prompt.request;
  const user = account.users.get(username);
  const step = stepOf(prompt, user);
  const view = promptPage({
    step,
    path: PROMPT_PATH + prompt.id,
    username,
    appName: destination ?? account.apps.get(clientId)?.name ?? clientId,
    phone: as?.typed ?? prompt.phone ?? user.phone,
    alert: as?.alert ?? null,
  });
  const refused = step === 'locked' || step === 'disabled';
  const note = { outcome: as?.outcome ?? `shown-${step}`, clientId, username };
  return page(as?.status ?? (refused ? 403 : 200), view, note);
}

function unknownPrompt(): Reply {
  const text =
    'This prompt is unknown or has expired. Go back to the application and log in again.';
  return page(404, problemPage('No such prompt', text, 'unknown-prompt'), {
    outcome: 'unknown-prompt',
  });
}

function readPhone(typed: string): string | null {
  const digits = typed.replace(/[\s().\-/]/g, '');
  return /^\+?[0-9]{7,15}$/.test(digits) ? digits : null;
}
