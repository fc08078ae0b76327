import { isThenable } from '../awaitable.js';
import type { Answered, Awaitable, Prompt, RefusalReason, Rejected } from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { RequestError, SallyportError, UnavailableError } from '../errors.js';

/** Asks a method, which may be a host's own: what it throws, and silence, is a 503 and never a pass. */
export type Ask = <T>(what: string, run: () => Awaitable<T>) => Awaitable<T>;

export function asking(method: string, timeoutMs: number): Ask {
  function failed(what: string, cause: unknown): Error {
    // What it throws on purpose says itself how it is answered.
    if (cause instanceof SallyportError || cause instanceof RequestError) return cause;
    const how =
      cause instanceof LateError ? `did not answer within ${timeoutMs} ms` : 'threw an error';
    return new UnavailableError('ERR_METHOD', `${method}.${what}() ${how}`, { cause });
  }

  return function ask(what, run) {
    try {
      const answer = run();
      if (!isThenable(answer)) return answer;
      return withDeadline(Promise.resolve(answer), timeoutMs).catch((cause: unknown) => {
        throw failed(what, cause);
      });
    } catch (cause) {
      throw failed(what, cause);
    }
  };
}

const REASONS: Readonly<Record<RefusalReason | 'ended', true>> = {
  'wrong-code': true,
  replayed: true,
  expired: true,
  superseded: true,
  denied: true,
  'not-accepted': true,
  malformed: true,
  ended: true,
};

/** Nonsense is no answer: whatever is not a verdict in so many words lets nobody in. */
export function checkAnswered(method: string, what: string, given: Answered): Answered {
  const { kind } = Object(given) as Partial<Answered>;
  if (kind === 'accepted') return given;
  if (kind === 'rejected' && Object.hasOwn(REASONS, String(Reflect.get(given, 'reason')))) {
    return given;
  }
  throw nonsense(method, what, "{ kind: 'accepted', … } or { kind: 'rejected', reason }");
}

export function checkPrompt(method: string, what: string, given: Prompt): Prompt {
  const { kind } = Object(given) as Partial<Prompt>;
  if (kind === 'form' && typeof Reflect.get(given, 'title') === 'string') return given;
  if (kind === 'leave' && URL.canParse(String(Reflect.get(given, 'url')))) return given;
  throw nonsense(method, what, "{ kind: 'form', title, … } or { kind: 'leave', url }");
}

export function nonsense(method: string, what: string, right: string): UnavailableError {
  return new UnavailableError('ERR_METHOD', `${method}.${what}() must answer ${right}`);
}

export function rejected(reason: Rejected['reason'], detail?: string): Rejected {
  return { kind: 'rejected', reason, ...(detail !== undefined && { detail }) };
}
