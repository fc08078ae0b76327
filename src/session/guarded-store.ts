import type { Request } from 'express';
import { type Session, type SessionData, Store } from 'express-session';
import { isThenable } from '../awaitable.js';
import type { Awaitable, SessionDigest } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { sessionDigest } from './assurance.js';
import { moveAttached } from './attached.js';
import { type BoundedCall, boundedCalls, type Done } from './bounded-calls.js';
import { watchTouch, withholdEnded, withholdIfEnded } from './carried-id.js';
import { carriedBy, digestIn, holderOf, noteHeld } from './held-session.js';
import type { SessionEnds } from './session-ends.js';

type Sessions = SessionData[] | { [sid: string]: SessionData };

export interface GuardConfig {
  readonly ends: SessionEnds;
  readonly timeoutMs: number;
  /** Called before the session of a request is saved, and may change it. */
  readonly saving: (req: Request) => Awaitable<void>;
  /** The store of second factors, which identifies a door's guard. */
  readonly installation?: object | null;
}

/** The state of a session when it was saved. */
interface Saved {
  readonly content: string;
  readonly at: number;
}

/** A repeated save within this time would extend the session by no more than that, and is skipped. */
const LATELY_MS = 1000;

type Generate = (req: Request) => void;

/**
 * Wraps any express-session store and closes its late-save race: a request that was under way when the session ended
 * saves it back, and the old cookie works again. Here an id is marked ended *before* it is destroyed; an ended id is
 * neither read nor written, and what a write in flight restores is destroyed again. Every call of the wrapped store
 * has a deadline; a late or failed one is a 503. The calls of every request (`get`, `touch`) use callbacks, since
 * promises cost more than all the rest.
 */
export class GuardedStore extends Store {
  readonly #inner: Store;
  readonly #ends: SessionEnds;
  readonly #call: BoundedCall;
  readonly #saving: GuardConfig['saving'];
  /** The digest of the session that is being passed on, so that its id is not hashed again. */
  #handedOver: { readonly sid: string; readonly digest: SessionDigest } | null = null;
  /** By a request's session object. */
  readonly #saved = new WeakMap<SessionData, Saved>();
  /** Made for a response that is still to come, not saved yet. */
  readonly #unsaved = new Set<string>();
  #generate: Generate = () => {};
  /** Its store of second factors; two doors over one store are one installation. */
  readonly installation: object | null;

  constructor(inner: Store, { ends, timeoutMs, saving, installation = null }: GuardConfig) {
    super();
    this.installation = installation;
    for (const method of ['get', 'set', 'destroy'] as const) {
      if (typeof inner?.[method] !== 'function') {
        throw new SallyportError(
          'ERR_SESSION_STORE',
          `door.sessions(store) needs an express-session store, got one without ${method}()`,
        );
      }
    }
    this.#inner = inner;
    this.#ends = ends;
    this.#call = boundedCalls(timeoutMs);
    this.#saving = saving;
  }

  /** Makes a session for a request; express-session assigns and calls it by this name. */
  get generate(): Generate {
    return this.#generate;
  }

  set generate(make: Generate) {
    this.#generate = (req) => {
      const { sessionID: id } = req;
      const before = carriedBy(req);
      make(req);
      const given = id === undefined ? null : { id, inPlace: req.sessionID };
      const carried = before === undefined ? given : before;
      const digest = sessionDigest(req.sessionID);
      noteHeld(req, { digest, loaded: false, carried });
      if (carried) withholdEnded(req, this.#ends);
      // A response that has been sent emits no further `close`, so there is nothing to wait for.
      const { res } = req;
      if (res?.closed !== false) return;
      const { sessionID } = req;
      const closed = this.#ends.begun(digest, () => res.headersSent);
      this.#unsaved.add(sessionID);
      res.once('close', () => {
        this.#unsaved.delete(sessionID);
        closed();
      });
    };
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    const sid = req.sessionID;
    const { session: replaced } = req;
    const before = carriedBy(req);
    const carried = before === undefined ? { id: sid, inPlace: null } : before;
    const session = super.createSession(req, data);
    if (replaced) moveAttached(replaced, session);
    const given = this.#handedOver;
    const digest = given?.sid === sid ? given.digest : sessionDigest(sid);
    noteHeld(req, { digest, loaded: true, carried });
    watchTouch(req, this.#ends);
    return session;
  }

  override get(sid: string, callback: (error: unknown, data?: SessionData | null) => void): void {
    const digest = sessionDigest(sid);
    const answer = later<SessionData>((error, data) => {
      this.#handedOver = { sid, digest };
      callback(error, data);
      this.#handedOver = null;
    });
    this.#call<SessionData>(
      'get',
      (done) => this.#inner.get(sid, done),
      (error, data) => {
        if (error) answer(error);
        else if (!data) this.#learnRenewal(digest, () => answer(null, data));
        // Checked after the read, so that an end during the read counts.
        else {
          this.#ask(digest, answer, (ended) => {
            if (!ended) answer(null, data);
            // Saved back by a request that did not know of the end: destroyed before the mark expires.
            else this.#destroyInner(sid, (failure) => answer(failure, null));
          });
        }
      },
    );
  }

  override set(sid: string, data: SessionData, callback: Done = () => {}): void {
    const digest = digestIn(data, sid);
    const answer = this.#beforeCookie(sid, data, callback);
    this.#unsaved.delete(sid);
    const write = (done: Done) =>
      this.#write(sid, digest, done, 'set', (written) => this.#inner.set(sid, data, written));
    this.#ask(digest, answer, (ended) => {
      const req = ended ? null : holderOf(data, sid);
      if (ended) answer(null);
      else if (!req) write(answer);
      else
        whenSettled(
          () => this.#saving(req),
          () => this.#saveOnce(data, write, answer),
          answer,
        );
    });
  }

  override touch(sid: string, data: SessionData, callback: Done = () => {}): void {
    const digest = digestIn(data, sid);
    const answer = this.#beforeCookie(sid, data, callback);
    // What was just saved lives as long as after a touch.
    if (!this.#inner.touch || this.#savedLately(data)) {
      answer(null);
      return;
    }
    this.#ask(digest, answer, (ended) => {
      if (ended) answer(null);
      else
        this.#write(sid, digest, answer, 'touch', (done) => this.#inner.touch?.(sid, data, done));
    });
  }

  /** Answers the call that express-session waits for before it sends the headers with the cookie. */
  #beforeCookie(sid: string, data: SessionData, callback: Done): Done {
    return later((error) => {
      withholdIfEnded(data, sid, this.#ends);
      callback(error);
    });
  }

  /** express-session saves a session with a new id again at the end of its request, changed or not. */
  #saveOnce(session: SessionData, write: (done: Done) => void, answer: Done): void {
    const content = JSON.stringify(session);
    if (this.#savedLately(session)?.content === content) {
      answer(null);
      return;
    }
    // A failed write may have applied, so the stored state is unknown.
    this.#saved.delete(session);
    write((error) => {
      if (!error) this.#saved.set(session, { content, at: performance.now() });
      answer(error);
    });
  }

  #savedLately(session: SessionData): Saved | null {
    const saved = this.#saved.get(session);
    return saved && performance.now() - saved.at < LATELY_MS ? saved : null;
  }

  /** A write that an end has overtaken is destroyed again. */
  #write(
    sid: string,
    digest: SessionDigest,
    answer: Done,
    name: string,
    start: (done: Done) => void,
  ): void {
    this.#call(name, start, (error) => {
      if (error) {
        answer(error);
        return;
      }
      this.#ask(digest, answer, (ended) => {
        if (ended) this.#destroyInner(sid, answer);
        else answer(null);
      });
    });
  }

  override destroy(sid: string, callback: Done = () => {}): void {
    const answer = later(callback);
    // Passport gives each session another id before it saves it.
    const unsaved = this.#unsaved.has(sid);
    const destroy = (failure: unknown) =>
      unsaved ? answer(failure) : this.#destroyInner(sid, (error) => answer(error ?? failure));
    // Both are tried: even without a mark, the session is better destroyed than kept.
    this.#mark(sid).then(() => destroy(null), destroy);
  }

  override all(callback: (error: unknown, data?: Sessions | null) => void): void {
    this.#call<Sessions>(
      'all',
      (done) => this.#optional('all').call(this.#inner, done),
      later(callback),
    );
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    this.#call<number>(
      'length',
      (done) => this.#optional('length').call(this.#inner, done),
      later<number>((error, length) => callback(error, length ?? undefined)),
    );
  }

  override clear(callback: Done = () => {}): void {
    this.#call<undefined>(
      'clear',
      (done) => this.#optional('clear').call(this.#inner, done),
      later(callback),
    );
  }

  #optional<Name extends 'all' | 'length' | 'clear'>(name: Name): NonNullable<Store[Name]> {
    const method = this.#inner[name];
    if (!method)
      throw new SallyportError('ERR_SESSION_STORE', `the session store has no ${name}()`);
    return method;
  }

  /** So that it is known when the response is sent; without a session the request is anonymous in any case. */
  #learnRenewal(digest: SessionDigest, done: () => void): void {
    whenSettled(() => this.#ends.learn(digest), done, done);
  }

  /** No mark for a session that never existed, since anybody can send a logout without a session. */
  async #mark(sid: string): Promise<void> {
    const digest = sessionDigest(sid);
    // If that cannot be told, there may be one.
    const isStored = () =>
      new Promise<boolean>((resolve) => {
        this.#call<SessionData>(
          'get',
          (done) => this.#inner.get(sid, done),
          (error, data) => resolve(Boolean(error || data)),
        );
      });
    if (await this.#ends.isWorthEnding(digest, isStored)) await this.#ends.end(digest);
  }

  /** Whether a session has ended; synchronously if known. */
  #ask(
    digest: SessionDigest,
    failed: (error: unknown) => void,
    told: (ended: boolean) => void,
  ): void {
    whenSettled(() => this.#ends.isEnded(digest), told, failed);
  }

  #destroyInner(sid: string, done: (error?: unknown) => void): void {
    this.#call('destroy', (answered: Done) => this.#inner.destroy(sid, answered), done);
  }
}

/** Wrapped by any door. */
export function isGuarded(store: unknown): store is GuardedStore {
  return store instanceof GuardedStore;
}

/** Neither function may throw, since nobody would catch it. */
function whenSettled<T>(
  ask: () => Awaitable<T>,
  told: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  let found: Awaitable<T>;
  try {
    found = ask();
  } catch (error) {
    failed(error);
    return;
  }
  if (isThenable(found)) found.then(told, failed);
  else told(found);
}

/** Called later, so that an error of the callback does not reach our code. */
function later<T>(callback: Done<T>): Done<T> {
  return (error, result) => process.nextTick(callback, error ?? null, result);
}
