import type { Response } from 'express';
import type { Audit, From } from '../audit/events.js';
import type {
  MessageValues,
  MethodName,
  RefusalReason,
  Rejected,
  Sentence,
  Subject,
  Verdict,
} from '../contracts.js';
import { OutageError } from '../errors.js';
import { worded } from '../messages/message.js';
import type { Sentences } from '../messages/sentences.js';
import { sessionEnded } from '../session/elevate.js';
import type { Moment } from './locals.js';
import { times } from './words.js';

/** What a person sees about an answer that was not accepted. */
export interface Refusal {
  readonly status: 422 | 429 | 503;
  readonly error: string;
  readonly message: string;
  /** The values in the message, by placeholder. */
  readonly values: MessageValues;
  readonly retryAt: Moment | null;
  /** As in `Verdict`. */
  readonly clockOffMs: number | null;
}

/** A sentence for a program, with the values in it if there are any. */
export function told(sentence: Sentence, say: Sentences['say']) {
  const values = typeof sentence === 'string' ? {} : sentence.values;
  return {
    message: say(sentence),
    ...(Object.keys(values).length > 0 && { values: worded(values, say) }),
  };
}

/** A refusal in the words of a method: `of` is its name, or another prefix of keys in the catalog. */
export function refusal(
  verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>,
  {
    now,
    res,
    of,
    sentences,
  }: {
    readonly now: number;
    readonly res: Response;
    readonly of: string;
    readonly sentences: Sentences;
  },
): Refusal {
  if (verdict.kind === 'rejected') {
    const { reason, clockOffMs = null } = verdict;
    if (reason === 'ended') throw sessionEnded();
    return {
      status: 422,
      error: reason.replace('-', '_'),
      ...refusedWords({ ...verdict, reason }, of, sentences),
      clockOffMs,
      retryAt: null,
    };
  }
  const locked = { status: 429, error: 'locked', clockOffMs: null } as const;
  const { retryAt } = verdict;
  if (retryAt === null) {
    return { ...locked, message: sentences.at(`${of}.stopped`), values: {}, retryAt: null };
  }
  const waitMs = Math.max(1000, retryAt.getTime() - now);
  res.set('Retry-After', String(Math.ceil(waitMs / 1000)));
  const { durationText, waitUntil } = times(sentences);
  const values = { wait: durationText(waitMs) };
  return {
    ...locked,
    message: sentences.at(`${of}.locked`, values),
    values,
    retryAt: waitUntil(now + waitMs, now),
  };
}

/**
 * The words for a wrong answer: by how much a clock is off, if the method has words for it; otherwise the method's
 * own cause, or the reason.
 */
export function refusedWords(
  { reason, because, clockOffMs }: Omit<Rejected, 'kind' | 'reason'> & { reason: RefusalReason },
  of: string,
  sentences: Sentences,
): { readonly message: string; readonly values: MessageValues } {
  if (clockOffMs !== undefined && sentences.has(`${of}.clockOff`)) {
    const values = {
      minutes: Math.max(1, Math.round(Math.abs(clockOffMs) / 60_000)),
      direction: clockOffMs < 0 ? 'late' : 'ahead',
    };
    return { message: sentences.at(`${of}.clockOff`, values), values };
  }
  const own = `${of}.because.${because}`;
  const key = sentences.has(own) ? own : `${of}.refused.${reason}`;
  return { message: sentences.at(key), values: {} };
}

/** For the Retry-After header. */
const RETRY_AFTER_SECONDS = 30;

/**
 * The refusal when a service that a method needs does not answer; it is audited and given to `onError`. Rethrows any
 * other error.
 */
export function outage(
  cause: unknown,
  {
    method,
    subject,
    from,
    res,
    sentences,
    audit,
    onError,
  }: {
    readonly method: MethodName;
    readonly subject: Subject;
    readonly from: From;
    readonly res: Response;
    readonly sentences: Sentences;
    readonly audit: Audit;
    readonly onError: (error: unknown) => void;
  },
): Refusal {
  if (!(cause instanceof OutageError)) throw cause;
  onError(cause);
  const detail = [cause.code, cause.detail].filter((part) => part !== null).join(' ');
  audit.record('unavailable', { subject, method, from, detail });
  res.set('Retry-After', String(RETRY_AFTER_SECONDS));
  const own = [`${method}.because.${cause.because}`, `${method}.unavailable`];
  return {
    ...{ status: 503, error: 'unavailable', values: {}, retryAt: null, clockOffMs: null },
    message: sentences.at(own.find((key) => sentences.has(key)) ?? 'method.unavailable'),
  };
}
