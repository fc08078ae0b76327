import type { Request } from 'express';
import { type Session, type SessionData, Store } from 'express-session';
import type { Awaitable } from '../contracts.js';
import { SallyportError, UnavailableError } from '../errors.js';
import { sessionDigest } from './assurance.js';
import { noteCarried, withholdEnded } from './carried-id.js';
import type { SessionEnds } from './session-ends.js';

type Sessions = SessionData[] | { [sid: string]: SessionData };

type Done<T = undefined> = (error?: unknown, result?: T | null) => void;

export interface GuardConfig {
  readonly ends: SessionEnds;
  readonly timeoutMs: number;
  /** Called before the session of a request is saved: it may still put something into it. */
  readonly saving: (req: Request) => Awaitable<void>;
  /** The store of second factors; by it a door knows its own guard. */
  readonly installation?: object | null;
}

type Generate = (req: Request) => void;

/** Sessions that were in the store when their request came, and not made for it. */
const loaded = new WeakSet<object>();

/**
 * Stands in front of any express-session store and closes its late-save race: a request that was under way
 * when the session ended saves it back, and the old cookie works again. Here an id is marked ended *before*
 * it is destroyed; an ended id is neither read nor written, and what a write in flight brings back is
 * destroyed again. Every call of the store behind has a deadline; a late or broken one is a 503.
 */
export class GuardedStore extends Store {
  readonly #inner: Store;
  readonly #ends: SessionEnds;
  readonly #timeoutMs: number;
  readonly #saving: GuardConfig['saving'];
  readonly #requests = new WeakMap<object, Request>();
  #generate: Generate = () => {};
  /** The store of second factors that it goes by; two doors over one are one installation. */
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
    this.#timeoutMs = timeoutMs;
    this.#saving = saving;
  }

  /** Makes a session for a request; express-session assigns it, and calls it by this name. */
  get generate(): Generate {
    return this.#generate;
  }

  set generate(make: Generate) {
    this.#generate = (req) => {
      const { sessionID: id } = req;
      make(req);
      const given = id === undefined ? null : { id, inPlace: req.sessionID };
      if (noteCarried(req, given) && given) withholdEnded(req, this.#ends);
      this.#requests.set(req.session, req);
      // A response that has been sent emits no further `close`, so there is nothing to wait for.
      if (req.res?.closed !== false) return;
      req.res.once('close', this.#ends.begun(sessionDigest(req.sessionID)));
    };
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    if (noteCarried(req, { id: req.sessionID, inPlace: null })) withholdEnded(req, this.#ends);
    const session = super.createSession(req, data);
    loaded.add(session);
    this.#requests.set(session, req);
    return session;
  }

  override get(sid: string, callback: (error: unknown, data?: SessionData | null) => void): void {
    answer(callback, async () => {
      const data = await this.#call<SessionData>('get', (done) => this.#inner.get(sid, done));
      // Asked after the read: an end that came while the read was under way counts.
      if (!data) {
        await this.#learnRenewal(sid);
        return data;
      }
      if (!(await this.#isEnded(sid))) return data;
      // Saved back by a request that had not heard of the end: gone before the mark is.
      await this.#destroyInner(sid);
      return null;
    });
  }

  override set(sid: string, data: SessionData, callback: Done = () => {}): void {
    answer(callback, async () => {
      if (await this.#isEnded(sid)) return;
      const req = this.#requests.get(data);
      if (req?.session === data && req.sessionID === sid) await this.#saving(req);
      await this.#call('set', (done) => this.#inner.set(sid, data, done));
      if (await this.#isEnded(sid)) await this.#destroyInner(sid);
    });
  }

  override touch(sid: string, data: SessionData, callback: Done = () => {}): void {
    answer(callback, async () => {
      if (!this.#inner.touch || (await this.#isEnded(sid))) return;
      await this.#call('touch', (done) => this.#inner.touch?.(sid, data, done));
      if (await this.#isEnded(sid)) await this.#destroyInner(sid);
    });
  }

  override destroy(sid: string, callback: Done = () => {}): void {
    answer(callback, async () => {
      // Both are tried: when the mark cannot be written, the session is still better gone than kept.
      const [marked] = await Promise.allSettled([this.#mark(sid)]);
      await this.#destroyInner(sid);
      if (marked.status === 'rejected') throw marked.reason;
    });
  }

  override all(callback: (error: unknown, data?: Sessions | null) => void): void {
    answer(callback, () =>
      this.#call<Sessions>('all', (done) => this.#optional('all').call(this.#inner, done)),
    );
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    answer<number>(
      (error, length) => callback(error, length ?? undefined),
      () => this.#call('length', (done) => this.#optional('length').call(this.#inner, done)),
    );
  }

  override clear(callback: Done = () => {}): void {
    answer(callback, () =>
      this.#call('clear', (done) => this.#optional('clear').call(this.#inner, done)),
    );
  }

  #optional<Name extends 'all' | 'length' | 'clear'>(name: Name): NonNullable<Store[Name]> {
    const method = this.#inner[name];
    if (!method)
      throw new SallyportError('ERR_SESSION_STORE', `the session store has no ${name}()`);
    return method;
  }

  /** So that it is known when the answer is sent; whoever has no session is nobody in any case. */
  async #learnRenewal(sid: string): Promise<void> {
    try {
      await this.#ends.wasRenewed(sessionDigest(sid));
    } catch {}
  }

  /** Nothing is kept of what was never there: anybody can send a logout without a session. */
  async #mark(sid: string): Promise<void> {
    const session = sessionDigest(sid);
    // Where that cannot be told there may be one.
    const isStored = () =>
      this.#call<SessionData>('get', (done) => this.#inner.get(sid, done)).then(
        Boolean,
        () => true,
      );
    if (await this.#ends.isWorthEnding(session, isStored)) await this.#ends.end(session);
  }

  #isEnded(sid: string) {
    return this.#ends.isEnded(sessionDigest(sid));
  }

  #destroyInner(sid: string): Promise<unknown> {
    return this.#call('destroy', (done) => this.#inner.destroy(sid, done));
  }

  /** Calls the store behind, within the deadline. Express-session's callbacks become promises here only. */
  #call<T>(name: string, start: (done: Done<T>) => void): Promise<T | null | undefined> {
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(unavailable(`${name}() did not answer within ${this.#timeoutMs} ms`));
      // After a pause of this process timers run before sockets are read: an answer that is there counts.
      const timer = setTimeout(() => setImmediate(late), this.#timeoutMs);
      const done: Done<T> = (error, result) => {
        clearTimeout(timer);
        // express-session's own convention for "no such session".
        if (error && (error as { code?: unknown }).code !== 'ENOENT') {
          reject(unavailable(`${name}() failed`, error));
        } else {
          resolve(result);
        }
      };
      try {
        start(done);
      } catch (error) {
        done(error);
      }
    });
  }
}

/** By any door. */
export function isGuarded(store: unknown): store is GuardedStore {
  return store instanceof GuardedStore;
}

/** Whether the request has brought its session along; false for one that was made for it. */
export function wasLoaded({ session }: Request): boolean {
  return loaded.has(session);
}

function unavailable(what: string, cause?: unknown): UnavailableError {
  return new UnavailableError('ERR_STORE_UNAVAILABLE', `session store: ${what}`, { cause });
}

/** Runs a promise for a callback. The callback runs outside of it, so that its throw is the caller's own. */
function answer<T>(callback: Done<T>, run: () => Promise<T | null | undefined>): void {
  run().then(
    (result) => process.nextTick(callback, null, result),
    (error: unknown) => process.nextTick(callback, error),
  );
}
