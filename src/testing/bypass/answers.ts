import type { Answered } from './exchange.js';

/** How the gate of this app answers, as learned from asking it. */
export interface Gate {
  /** Where it sends a browser: the pages of the second door, and the login page. */
  readonly locations: readonly string[];
}

/** What of the gate's 401 is read; null for anything else. */
export function refusal({ status, headers, text }: Answered) {
  if (status !== 401 || !isJson(headers['content-type'])) return null;
  try {
    const { error, url } = JSON.parse(text) as { readonly error?: unknown; readonly url?: unknown };
    if (error !== 'second_factor_required' && error !== 'authentication_required') return null;
    return typeof url === 'string' ? { error, url } : null;
  } catch {
    return null;
  }
}

/** Whether this is the gate's own answer, and not one of something that stands behind or beside it. */
export function isTurnedAway(method: string, answered: Answered, { locations }: Gate): boolean {
  const { status, headers } = answered;
  if (headers['cache-control'] !== 'no-store') return false;
  if (status === 303) return locations.includes(headers.location ?? '');
  // An answer to HEAD has no body to recognize it by.
  if (method === 'HEAD') return status === 401 && isJson(headers['content-type']);
  return refusal(answered) !== null;
}

/** Whether Express has answered OPTIONS by itself: it names the methods that its routes take, and nothing else. */
export function isExpressOwn(method: string, { status, headers, text }: Answered): boolean {
  return method === 'OPTIONS' && status === 200 && text !== '' && text === headers.allow;
}

/** Whether something was given, and be it the word that it has not changed. */
export function isGiven({ status }: Answered): boolean {
  return status < 300 || status === 304 || status >= 500;
}

/** `200 text/html, 5120 characters`, for the list of what was found. */
export function described({ status, headers, text }: Answered): string {
  const where = headers.location === undefined ? '' : ` to ${headers.location}`;
  const type = String(headers['content-type'] ?? 'no content').replace(/;.*/, '');
  return `${status}${where}, ${type}, ${text.length} characters`;
}

function isJson(type: string | undefined): boolean {
  return type?.startsWith('application/json') === true;
}
