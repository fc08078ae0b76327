import type { Request } from 'express';
import { shown } from '../check-options.js';
import type { SignInAgain, SignInAgainFunction } from '../contracts.js';
import { withDeadline } from '../deadline.js';
import { SallyportError } from '../errors.js';
import { message } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import { below, type Places } from '../web/places.js';
import { times } from '../web/words.js';
import { type RenewableSignIn, renewableSignIns } from './renewable.js';
import { renewedBefore } from './renewed-before.js';
import { localPath } from './return-to.js';
import type { Situation } from './situation.js';

/** A sign-in that the person may renew, in words. */
export interface SignInOffer {
  readonly by: string;
  readonly name: string;
  /** `Sign in again with Okta` */
  readonly label: string;
  /** Why the one that they have does not count. */
  readonly text: string;
  /** Our page that leads there. */
  readonly url: string;
  /** Where the host has it begin. */
  readonly leadsTo: string;
  readonly at: number;
  readonly maxAgeSeconds: number | null;
  /** Whether a new one would most likely count: only its age is wrong with the present one. */
  readonly fits: boolean;
  /** They have just renewed it, and it still does not count. */
  readonly inVain: boolean;
}

export interface SignInAgainConfig extends Places {
  /** Null where the host leads nobody there. */
  readonly ask: SignInAgainFunction<Request> | null;
  readonly timeoutMs: number;
  readonly sentences: Sentences;
  readonly onError: (error: unknown) => void;
}

/** The sign-ins that this person may renew to do what is asked of them now. */
export type SignInOffers = (req: Request, situation: Situation) => Promise<readonly SignInOffer[]>;

/** What programs are told of them. */
export function offersAsJson(offers: readonly SignInOffer[]): Readonly<Record<string, unknown>> {
  if (offers.length === 0) return {};
  return {
    signInAgain: offers.map(({ by, name, url, text, at, maxAgeSeconds }) => ({
      ...{ by, name, url, message: text },
      ...{ provenAt: new Date(at).toISOString(), maxAgeSeconds },
    })),
  };
}

/**
 * Asks the host where each sign-in is renewed. Nothing that is demanded rests on its answer: one that throws, is late or makes
 * no sense is reported, and this way is not offered.
 */
export function signInOffers(config: SignInAgainConfig): SignInOffers {
  const { ask, timeoutMs, sentences, onError, path } = config;
  const { say } = sentences;
  const { durationExactly, timePassed } = times(sentences);

  return async function offers(req, situation) {
    if (!ask || situation.kind === 'anonymous') return [];
    const { facts, decision } = situation;
    const found = renewableSignIns(facts, decision);
    if (found.length === 0) return [];
    const returnTo = localPath(req.session.sallyport?.returnTo, config);
    const made = found.map(async (one) => {
      try {
        const maxAgeSeconds = one.limitMs === null ? null : one.limitMs / 1000;
        const given = (async () => ask(req, { by: one.by, returnTo, maxAgeSeconds }))();
        const again = readAgain(await withDeadline(given, timeoutMs), config);
        return again && offer(req, one, again, situation.facts);
      } catch (error) {
        onError(error);
        return null;
      }
    });
    return (await Promise.all(made)).filter((one) => one !== null);
  };

  function offer(
    req: Request,
    one: RenewableSignIn,
    { name, url: leadsTo }: SignInAgain,
    { now, login }: { readonly now: number; readonly login: { readonly id: string } },
  ): SignInOffer {
    const { by, at, fits, limitMs } = one;
    return {
      ...{ by, name, at, fits, leadsTo },
      label: say(message('sign-in-again.action', { name })),
      text: reason(one, name, now),
      url: `${path}/sign-in-again?${new URLSearchParams({ by })}`,
      maxAgeSeconds: limitMs === null ? null : limitMs / 1000,
      inVain: renewedBefore(req, one, login),
    };
  }

  function reason(
    { at, fits, limitMs, ofRoute }: RenewableSignIn,
    name: string,
    now: number,
  ): string {
    if (!fits) return say(message('sign-in-again.not-enough', { name }));
    if (limitMs === null) return say(message('sign-in-again.ended', { name }));
    const values = { name, age: timePassed(now - at), limit: durationExactly(limitMs) };
    return say(
      ofRoute
        ? message('sign-in-again.too-old-for-this', values)
        : message('sign-in-again.too-old', values),
    );
  }
}

function readAgain(given: unknown, config: Places): SignInAgain | null {
  if (given === null || given === undefined) return null;
  const { name, url } = Object(given) as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || name.trim() === '' || name.length > 64) {
    throw wrong('name', 'a text of 1 to 64 characters', name);
  }
  const isPath = typeof url === 'string' && url.startsWith('/');
  const local = isPath ? localPath(below(config, url), config) : null;
  if (local === null) {
    throw wrong('url', "a local path of the app outside of our pages, e.g. '/login/okta'", url);
  }
  return { name, url: local };
}

function wrong(field: string, right: string, got: unknown): SallyportError {
  return new SallyportError(
    'ERR_OPTION',
    `signInAgain(req, …).${field} must be ${right}, got ${shown(got)}`,
  );
}
