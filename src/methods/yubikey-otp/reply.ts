import { YubikeyError } from './failure.js';
import { isSigned, type Parameters } from './signature.js';

/** A validation server's answer about a code. */
export type Said =
  /** `counter` rises with each code of a key. */
  | { readonly kind: 'ok'; readonly counter: number }
  | { readonly kind: 'replayed' }
  | { readonly kind: 'bad-otp' };

export interface Question {
  readonly otp: string;
  readonly nonce: string;
  readonly secret: Uint8Array;
  /** The server that was asked, for messages. */
  readonly host: string;
  /** When it was asked (ms). */
  readonly now: number;
}

/** The nonce ties an answer to our request; a larger difference of clocks means a faulty server. */
const TOLERANCE_MS = 60 * 60 * 1000;

/** How often a key has been plugged in, in 15 bits, and touched since, in 8. */
const SESSION_COUNTER = 0x7fff;
const SESSION_USE = 0xff;

/** Statuses about our request and not the code, with the value that each is about. */
const REJECTED = {
  NO_SUCH_CLIENT: 'clientId',
  BAD_SIGNATURE: 'clientSecret',
  OPERATION_NOT_ALLOWED: 'clientId',
  MISSING_PARAMETER: null,
} as const;

/**
 * Internal errors of the server. The last one: another server that we have asked has this request as well, and
 * answers it.
 */
const TROUBLE = ['BACKEND_ERROR', 'NOT_ENOUGH_ANSWERS', 'REPLAYED_REQUEST'];

/**
 * Reads an answer: lines of `name=value`, signed with our secret. Throws for an answer that says nothing about the
 * code or is not to be trusted. A refusal of our client cannot be signed; a yes must also repeat code and nonce, and
 * give the key's counters.
 */
export function readReply(text: string, question: Question): Said {
  const reply = parse(text);
  if (!reply) throw invalid(question, 'is no answer');
  const { status = '' } = reply;
  if (isRejection(status)) {
    throw new YubikeyError('rejected', `${question.host} refuses the credentials: ${status}`, {
      ...{ detail: `rejected ${status}`, suspect: REJECTED[status] },
    });
  }
  if (!isSigned(reply, question.secret)) throw invalid(question, 'is not signed with the secret');
  if (!isOfNow(reply, question.now)) throw invalid(question, 'is of another time');
  if (TROUBLE.includes(status)) {
    const detail = `server ${status}`;
    throw new YubikeyError('server', `${question.host} has trouble: ${status}`, { detail });
  }
  if (status === 'REPLAYED_OTP') return { kind: 'replayed' };
  if (status === 'BAD_OTP') return { kind: 'bad-otp' };
  if (status !== 'OK') throw invalid(question, 'has a status that there is none of');
  if (reply.otp !== question.otp) throw invalid(question, 'is about another code');
  if (reply.nonce !== question.nonce) throw invalid(question, 'is one to another request');
  const counter = counterOf(reply);
  if (counter === null) throw invalid(question, 'does not say where the counters of the key are');
  return { kind: 'ok', counter };
}

function parse(text: string): Parameters | null {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue;
    const [, name, value] = /^([a-z]{1,20})=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || found.has(name)) return null;
    found.set(name, value);
  }
  return found.has('status') ? Object.fromEntries(found) : null;
}

function isRejection(status: string): status is keyof typeof REJECTED {
  return Object.hasOwn(REJECTED, status);
}

/** `2026-01-31T12:00:00Z0123`: in UTC, with thousandths of a second after the zone. */
function isOfNow({ t = '' }: Parameters, now: number): boolean {
  const [, seconds] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\d{1,4}$/.exec(t) ?? [];
  return Math.abs(Date.parse(seconds ?? '') - now) <= TOLERANCE_MS;
}

function counterOf({ sessioncounter, sessionuse }: Parameters): number | null {
  const [session, use] = [sessioncounter, sessionuse].map((one) =>
    /^\d{1,5}$/.test(one ?? '') ? Number(one) : Number.NaN,
  ) as [number, number];
  return session <= SESSION_COUNTER && use <= SESSION_USE
    ? session * (SESSION_USE + 1) + use
    : null;
}

function invalid({ host }: Question, what: string): YubikeyError {
  return new YubikeyError('invalid', `what ${host} has sent ${what}`, { suspect: 'servers' });
}
