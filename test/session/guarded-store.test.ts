import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { MemoryStore, type SessionData, Store } from 'express-session';
import { memoryStore } from 'sallyport';
import { SallyportError, UnavailableError } from '../../src/errors.js';
import { sessionDigest } from '../../src/session/assurance.js';
import { GuardedStore, isGuarded } from '../../src/session/guarded-store.js';
import { sessionEnds } from '../../src/session/session-ends.js';

const DATA = { cookie: { originalMaxAge: null }, user: 'user1' } as unknown as SessionData;

type Call = 'get' | 'set' | 'touch' | 'destroy';

/** A session store that waits where it is told to, so that calls overlap exactly as a test wants it. */
class SlowStore extends Store {
  readonly inner = new MemoryStore();
  readonly calls: Call[] = [];
  readonly #held = new Map<Call, { started: () => void; go: Promise<void> }>();

  /** Holds the next call of this name back; resolves `started` when it has come. */
  hold(name: Call): { started: Promise<void>; release: () => void } {
    let release = () => {};
    let begun = () => {};
    const go = new Promise<void>((resolve) => {
      release = resolve;
    });
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    this.#held.set(name, { started: begun, go });
    return { started, release };
  }

  #run(name: Call, call: () => void): void {
    this.calls.push(name);
    const held = this.#held.get(name);
    this.#held.delete(name);
    if (!held) {
      call();
      return;
    }
    held.started();
    void held.go.then(call);
  }

  override get(sid: string, done: (error: unknown, data?: SessionData | null) => void): void {
    this.#run('get', () => this.inner.get(sid, done));
  }
  override set(sid: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#run('set', () => this.inner.set(sid, data, done));
  }
  override touch(sid: string, data: SessionData, done?: () => void): void {
    this.#run('touch', () => this.inner.touch(sid, data, done));
  }
  override destroy(sid: string, done?: (error?: unknown) => void): void {
    this.#run('destroy', () => this.inner.destroy(sid, done));
  }
}

const FOR = { endedForMs: 60_000 };
const saving = () => {};

function guarded({ inner = new SlowStore(), timeoutMs = 60_000, store = memoryStore() } = {}) {
  const guard = new GuardedStore(inner, { ends: sessionEnds(store, FOR), timeoutMs, saving });
  return {
    inner,
    store,
    guard,
    get: (sid: string) =>
      new Promise<SessionData | null | undefined>((resolve, reject) =>
        guard.get(sid, (error, data) => (error ? reject(error) : resolve(data))),
      ),
    set: (sid: string, data = DATA) => done((callback) => guard.set(sid, data, callback)),
    touch: (sid: string) => done((callback) => guard.touch(sid, DATA, callback)),
    destroy: (sid: string) => done((callback) => guard.destroy(sid, callback)),
    /** What the store behind holds. */
    behind: (sid: string) =>
      new Promise<SessionData | null | undefined>((resolve, reject) =>
        inner.inner.get(sid, (error, data) => (error ? reject(error) : resolve(data))),
      ),
  };
}

function done(start: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

const isUnavailable = (pattern: RegExp) => (error: unknown) =>
  error instanceof UnavailableError &&
  error.code === 'ERR_STORE_UNAVAILABLE' &&
  pattern.test(error.message);

describe('a guarded session store', () => {
  it('is told from one that is not', () => {
    assert.equal(isGuarded(guarded().guard), true);
    assert.equal(isGuarded(new MemoryStore()), false);
    assert.equal(isGuarded(undefined), false);
  });

  it('reads, writes, touches and removes like the one behind it', async () => {
    const { set, get, touch, destroy, inner, behind } = guarded();
    assert.equal((await get('one')) ?? null, null);
    await set('one');
    assert.equal(((await get('one')) as { user?: string }).user, 'user1');
    await touch('one');
    await destroy('one');
    assert.equal((await behind('one')) ?? null, null);
    assert.deepEqual(inner.calls, ['get', 'set', 'get', 'touch', 'get', 'destroy']);
  });

  it('neither reads nor writes a session that has ended', async () => {
    const { set, get, touch, destroy, behind, inner } = guarded();
    await set('one');
    await destroy('one');
    await set('one');
    await touch('one');
    assert.equal((await behind('one')) ?? null, null);
    assert.equal((await get('one')) ?? null, null);
    assert.deepEqual(inner.calls, ['set', 'get', 'destroy', 'get']);
  });

  it('answers no session where one was put back behind it, and takes it away', async () => {
    const { set, get, destroy, inner, behind } = guarded();
    await set('one');
    await destroy('one');
    await done((callback) => inner.inner.set('one', DATA, callback));
    assert.equal((await get('one')) ?? null, null);
    assert.equal((await behind('one')) ?? null, null);
  });

  it('leaves no mark of a session that was never there', async () => {
    const { destroy, store, inner } = guarded();
    await destroy('nobody’s');
    assert.equal(await store.readAssurance(sessionDigest('nobody’s')), null);
    // Which may be gone, but have proven something that a request under way would bring back.
    const proof = { subjectId: 'user1', epoch: 0, login: 'login', factors: [], lifetimeMs: 60_000 };
    await store.prove(sessionDigest('one'), proof);
    await destroy('one');
    assert.equal((await store.readAssurance(sessionDigest('one')))?.state, 'ended');
    assert.deepEqual(inner.calls, ['get', 'destroy', 'destroy']);
  });

  it('leaves a mark where it cannot tell whether there was a session', async () => {
    const { destroy, store, inner } = guarded();
    inner.inner.get = ((_sid, callback) => callback(new Error('down'))) as Store['get'];
    await destroy('one');
    assert.equal((await store.readAssurance(sessionDigest('one')))?.state, 'ended');
  });

  it('marks the end before it removes anything', async () => {
    const { set, destroy, inner, store } = guarded();
    await set('one');
    const removal = inner.hold('destroy');
    const destroyed = destroy('one');
    await removal.started;
    assert.equal((await store.readAssurance(sessionDigest('one')))?.state, 'ended');
    removal.release();
    await destroyed;
  });

  it('takes away again what a save in flight brings back', async () => {
    const { set, get, destroy, inner, behind } = guarded();
    await set('one');
    const write = inner.hold('set');
    const late = set('one');
    await write.started;
    await destroy('one');
    write.release();
    await late;
    assert.equal((await behind('one')) ?? null, null);
    assert.equal((await get('one')) ?? null, null);
  });

  it('does not answer what it had read when the end came', async () => {
    const { set, get, destroy, inner } = guarded();
    await set('one');
    const reading = inner.hold('get');
    // The data is taken before the end, and handed on after it.
    inner.inner.get = ((sid, callback) =>
      callback(null, sid === 'one' ? DATA : null)) as Store['get'];
    const read = get('one');
    await reading.started;
    await destroy('one');
    reading.release();
    assert.equal((await read) ?? null, null);
  });

  it('heeds an end that another process marked', async () => {
    const store = memoryStore();
    const inner = new SlowStore();
    const [here, there] = [guarded({ store, inner }), guarded({ store, inner })];
    await here.set('one');
    await there.destroy('one');
    await here.set('one');
    assert.equal((await here.behind('one')) ?? null, null);
    assert.equal((await here.get('one')) ?? null, null);
  });

  it('removes the session even when the end cannot be marked, and says so', async () => {
    const store = {
      ...memoryStore(),
      end: () => Promise.reject(new UnavailableError('ERR_STORE_UNAVAILABLE', 'down')),
    };
    const { set, destroy, behind } = guarded({ store });
    await set('one');
    await assert.rejects(destroy('one'), isUnavailable(/down/));
    assert.equal((await behind('one')) ?? null, null);
  });

  it('does not read or write while it cannot be told whether the session has ended', async () => {
    const store = {
      ...memoryStore(),
      readAssurance: () => Promise.reject(new UnavailableError('ERR_STORE_UNAVAILABLE', 'down')),
    };
    const { set, get, inner, behind } = guarded({ store });
    await assert.rejects(set('one'), isUnavailable(/down/));
    assert.equal((await behind('one')) ?? null, null);
    await done((callback) => inner.inner.set('one', DATA, callback));
    await assert.rejects(get('one'), isUnavailable(/down/));
  });

  for (const name of ['get', 'set', 'touch', 'destroy'] as const) {
    it(`gives up on a store whose ${name} hangs`, async () => {
      const all = guarded({ timeoutMs: 20 });
      all.inner.hold(name);
      await assert.rejects(all[name]('one'), isUnavailable(new RegExp(`${name}\\(\\).*20 ms`)));
    });

    it(`turns a failure of ${name} into a 503 with its cause`, async () => {
      const all = guarded();
      const cause = new Error('broken pipe');
      all.inner.inner[name] = ((...args: unknown[]) =>
        (args.at(-1) as (error: unknown) => void)(cause)) as never;
      await assert.rejects(
        all[name]('one'),
        (error) => isUnavailable(/failed/)(error) && (error as Error).cause === cause,
      );
    });

    it(`turns a throw of ${name} into a 503`, async () => {
      const all = guarded();
      all.inner.inner[name] = (() => {
        throw new Error('thrown');
      }) as never;
      await assert.rejects(all[name]('one'), isUnavailable(/failed/));
    });
  }

  it('asks nobody whether an id has ended that was made for a response still to come', async () => {
    let asked = 0;
    const plain = memoryStore();
    const store = {
      ...plain,
      readAssurance: (session: string) => {
        asked += 1;
        return plain.readAssurance(session);
      },
    };
    const inner = new SlowStore();
    const ends = sessionEnds(store, FOR);
    const guard = new GuardedStore(inner, { ends, timeoutMs: 60_000, saving });
    const set = () => done((callback) => guard.set('one', DATA, callback));
    const isStored = () =>
      new Promise((resolve) => inner.inner.get('one', (_error, data) => resolve(Boolean(data))));
    const closed = ends.begun(sessionDigest('one'), () => false);
    await set();
    assert.equal(asked, 0);
    // But an end on this process counts at once, and any other end from the close on.
    await done((callback) => guard.destroy('one', callback));
    asked = 0;
    await set();
    assert.equal(await isStored(), false);
    closed();

    const other = ends.begun(sessionDigest('two'), () => false);
    other();
    await plain.end(sessionDigest('two'), 1000);
    await done((callback) => guard.set('two', DATA, callback));
    assert.equal(asked, 1);
  });

  it('takes ENOENT for no session, as express-session does', async () => {
    const { inner, get } = guarded();
    inner.inner.get = ((_sid, callback) =>
      callback(Object.assign(new Error('no file'), { code: 'ENOENT' }))) as Store['get'];
    assert.equal((await get('one')) ?? null, null);
  });

  it('leaves a throw of its caller to the caller', async () => {
    const { guard, inner } = guarded();
    const mochas = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    let calls = 0;
    guard.get('one', () => {
      calls += 1;
      throw new Error('of the caller');
    });
    assert.equal(((await thrown) as Error).message, 'of the caller');
    for (const one of mochas) process.on('uncaughtException', one);
    assert.equal(calls, 1);
    assert.deepEqual(inner.calls, ['get']);
  });

  it('works over a store without touch', async () => {
    const inner = new SlowStore();
    (inner as { touch?: unknown }).touch = undefined;
    await guarded({ inner }).touch('one');
  });

  describe('asked for all its sessions', () => {
    const answerOf = <T>(start: (callback: (error: unknown, answer?: T) => void) => void) =>
      new Promise<T | undefined>((resolve, reject) =>
        start((error, answer) => (error ? reject(error) : resolve(answer))),
      );

    it('answers for the store behind it', async () => {
      const inner = new MemoryStore();
      const guard = new GuardedStore(inner, {
        ...{ ends: sessionEnds(memoryStore(), FOR), timeoutMs: 5000, saving },
      });
      await done((callback) => guard.set('one', DATA, callback));
      await done((callback) => guard.set('two', DATA, callback));
      assert.equal(await answerOf<number>((callback) => guard.length(callback)), 2);
      const all = await answerOf<unknown>((callback) => guard.all(callback as never));
      assert.equal(Object.keys(all as object).length, 2);
      await done((callback) => guard.clear(callback));
      assert.equal(await answerOf<number>((callback) => guard.length(callback)), 0);
    });

    for (const name of ['all', 'length', 'clear'] as const) {
      it(`says so where that has no ${name}`, async () => {
        const { guard } = guarded();
        await assert.rejects(
          answerOf((callback) => guard[name](callback as never)),
          (error) =>
            error instanceof Error &&
            error.cause instanceof SallyportError &&
            error.cause.code === 'ERR_SESSION_STORE' &&
            error.cause.message === `the session store has no ${name}()` &&
            isUnavailable(new RegExp(`session store: ${name}\\(\\) failed`))(error),
        );
      });
    }
  });

  it('leaves no timer of a call that was answered', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const { set } = guarded();
    const before = timers();
    for (let n = 0; n < 20; n += 1) await set('one');
    assert.ok(timers() <= before + 2, `${timers()} timers, ${before} before`);
  });

  it('has one timer for all calls that are under way, and each is late by itself', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const { inner, set, get } = guarded({ timeoutMs: 40 });
    const answers: (() => void)[] = [];
    inner.inner.set = ((_sid, _data, callback) => answers.push(() => callback?.())) as Store['set'];
    const before = timers();
    const hanging = Array.from({ length: 20 }, () => set('one'));
    assert.ok(timers() <= before + 1, `${timers()} timers, ${before} before`);
    const answered = hanging.splice(0, 10);
    for (const answer of answers.slice(0, 10)) answer();
    await Promise.all(answered);
    const late = await Promise.allSettled(hanging);
    for (const one of late) {
      assert.ok(one.status === 'rejected' && isUnavailable(/set\(\).*40 ms/)(one.reason));
    }
    // What comes after its end is heard by nobody, and the next call has a time of its own.
    for (const answer of answers) answer();
    const next = set('one');
    answers.at(-1)?.();
    await next;
    assert.equal((await get('one')) ?? null, null);
    const again = set('one');
    await assert.rejects(again, isUnavailable(/set\(\).*40 ms/));
  });

  it('answers once where the store behind calls back twice', async () => {
    const { guard, inner } = guarded();
    inner.inner.set = ((_sid, _data, callback) => {
      callback?.();
      callback?.(new Error('once more'));
    }) as Store['set'];
    const answers: unknown[] = [];
    guard.set('one', DATA, (error) => answers.push(error));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(answers, [null]);
  });

  it('answers each request in its own context, whoever’s timer or connection tells it', async () => {
    const requests = new AsyncLocalStorage<string>();
    const { guard, inner } = guarded({ timeoutMs: 20 });
    const held: (() => void)[] = [];
    inner.inner.set = ((_sid, _data, callback) => held.push(() => callback?.())) as Store['set'];
    const told = (name: string) =>
      new Promise<string | undefined>((resolve) =>
        requests.run(name, () => guard.set(name, DATA, () => resolve(requests.getStore()))),
      );
    const all = ['first', 'second', 'third'].map(told);
    requests.run('somebody else', () => held[1]?.());
    assert.deepEqual(await Promise.all(all), ['first', 'second', 'third']);
  });

  it('lets an answer count that had arrived while this process was busy', async () => {
    const { inner, set } = guarded({ timeoutMs: 5 });
    inner.inner.set = ((_sid, _data, callback) => setImmediate(() => callback?.())) as Store['set'];
    const saved = set('one');
    // The call has begun; then nothing else runs until it is late.
    await Promise.resolve();
    await new Promise<void>((resolve) =>
      process.nextTick(() => {
        const since = performance.now();
        while (performance.now() - since < 20);
        resolve();
      }),
    );
    await saved;
  });

  it('neither touches a session that has ended, nor leaves it there when the end comes meanwhile', async () => {
    const { set, touch, destroy, inner, behind, store } = guarded();
    await set('one');
    const { started, release } = inner.hold('touch');
    const touching = touch('one');
    await started;
    await store.end(sessionDigest('one'), 60_000);
    release();
    await touching;
    assert.equal((await behind('one')) ?? null, null);
    await set('two');
    await destroy('two');
    inner.calls.length = 0;
    await touch('two');
    assert.deepEqual(inner.calls, []);
  });

  it('refuses what is no session store', () => {
    const ends = sessionEnds(memoryStore(), FOR);
    for (const wrong of [undefined, null, {}, { get() {}, set() {} }]) {
      assert.throws(
        () => new GuardedStore(wrong as unknown as Store, { ends, timeoutMs: 1, saving }),
        (error) =>
          error instanceof SallyportError &&
          error.code === 'ERR_SESSION_STORE' &&
          /needs an express-session store, got one without (?:get|destroy)\(\)$/.test(
            error.message,
          ),
      );
    }
  });
});
