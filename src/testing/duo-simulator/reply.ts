import type { Html } from '../simulator/html.js';
import type { DuoLogEntry } from './log.js';

/** An answer, and what the log will say about it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outcome: string;
  readonly clientId?: string;
  readonly username?: string;
  readonly fault?: string;
}

type Note = Pick<Reply, 'outcome' | 'clientId' | 'username' | 'fault'>;

export function json(status: number, value: unknown, note: Note): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: JSON.stringify(value),
    ...note,
  };
}

export function page(status: number, content: Html, note: Note): Reply {
  return { status, headers: pageHeaders, body: content.markup, ...note };
}

export function asset(contentType: string, body: string): Reply {
  const headers = { 'Content-Type': contentType, 'X-Content-Type-Options': 'nosniff' };
  return { status: 200, headers, body, outcome: 'ok' };
}

export function redirect(status: 302 | 303, location: string, note: Note): Reply {
  return { status, headers: { ...pageHeaders, Location: location }, body: '', ...note };
}

// `form-action` names no origin: Chrome applies it to every redirect that follows a form POST, so with 'self'
// the way back to the application would end here. Duo's own prompt does not stand in that way either.
const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export function logEntry(
  reply: Note & { readonly status: number | null },
  about: Pick<DuoLogEntry, 'at' | 'endpoint' | 'via'>,
): DuoLogEntry {
  return {
    ...about,
    outcome: reply.outcome,
    status: reply.status,
    clientId: reply.clientId ?? null,
    username: reply.username ?? null,
    fault: reply.fault ?? null,
  };
}
