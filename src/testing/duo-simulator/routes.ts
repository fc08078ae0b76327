import { ICON_PATH, icon, STYLESHEET_PATH } from '../simulator/layout.js';
import { stylesheet } from '../simulator/stylesheet.js';
import type { Account } from './account.js';
import { HEALTH_CHECK_PATH, healthCheck, TOKEN_PATH, token } from './api.js';
import type { FaultFor } from './faults.js';
import { AUTHORIZE_PATH, answerPrompt, authorize, PROMPT_PATH, showPrompt } from './prompt.js';
import type { Arrived } from './read-request.js';
import { asset, page, type Reply } from './reply.js';
import { startPage } from './start-page.js';

/** An endpoint that is logged, and that faults may apply to. */
export type Route =
  | { readonly endpoint: 'healthCheck' | 'authorize' | 'prompt'; readonly reply: () => Reply }
  | {
      readonly endpoint: 'token';
      readonly reply: (setting: FaultFor<'token'> | null) => Reply;
    };

/** What Duo answers to an application's server. */
export function apiRoute(account: Account, { method, path, form }: Arrived): Route | null {
  switch (`${method} ${path}`) {
    case `POST ${HEALTH_CHECK_PATH}`:
      return { endpoint: 'healthCheck', reply: () => healthCheck(account, form) };
    case `POST ${TOKEN_PATH}`:
      return { endpoint: 'token', reply: (setting) => token(account, form, setting) };
    default:
      return null;
  }
}

/** What Duo answers to a person's browser. */
export function promptRoute(account: Account, arrived: Arrived): Route | null {
  const { method, path, query, form } = arrived;
  if (method === 'GET' && path === AUTHORIZE_PATH) {
    return { endpoint: 'authorize', reply: () => authorize(account, query) };
  }
  if (!path.startsWith(PROMPT_PATH)) return null;
  const id = path.slice(PROMPT_PATH.length);
  if (method === 'GET') return { endpoint: 'prompt', reply: () => showPrompt(account, id) };
  if (method !== 'POST') return null;
  return { endpoint: 'prompt', reply: () => answerPrompt(account, id, form) };
}

/** What is not part of Duo: the page with the keys, and what the pages are made of. */
export function localPage(account: Account, { method, path }: Arrived): Reply | null {
  if (method !== 'GET') return null;
  switch (path) {
    case '/':
      return page(200, startPage(account), { outcome: 'ok' });
    case STYLESHEET_PATH:
      return asset('text/css; charset=utf-8', stylesheet);
    case ICON_PATH:
      return asset('image/svg+xml', icon);
    default:
      return null;
  }
}
