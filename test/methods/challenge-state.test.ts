import assert from 'node:assert/strict';
import { memoryStore, RequestError, type SecondFactorStore } from 'sallyport';
import { keyring } from '../../src/crypto/keyring.js';
import {
  type ChallengeKey,
  type ChallengeStates,
  challengeStates,
} from '../../src/methods/challenge-state.js';
import { KEY, testClock } from '../support/app.js';

const MINUTE = 60_000;

/** What a method has sent, and keeps until it is answered. */
describe('what was started for a challenge', () => {
  let clock: ReturnType<typeof testClock>;
  let store: SecondFactorStore;
  let states: ChallengeStates;
  let started: string[];

  beforeEach(() => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    states = challengeStates({ store, keyring: keyring([KEY]) });
    started = [];
  });

  function keyOf({ user = 'user1', session = 'one', method = 'email-code', ...more } = {}) {
    const subject = { id: user, tenantId: 'acme', label: `${user}@acme.example` };
    return { method, attempt: { subject, session }, enrollment: null, ...more } as ChallengeKey;
  }
  const send = async () => {
    const code = `code-${started.length + 1}`;
    started.push(code);
    return { code };
  };
  const start = (key = keyOf(), run: () => unknown = send) => states.start(key, 10 * MINUTE, run);
  const restart = (key = keyOf(), run: () => unknown = send) =>
    states.restart(key, 10 * MINUTE, run);

  const read = async (key: ChallengeKey) => (await states.read(key))?.state ?? null;
  const take = async (key: ChallengeKey) => {
    const found = await states.read(key);
    return found !== null && states.take(key, found, 10 * MINUTE);
  };

  it('is started once for those who ask at the same moment, and is theirs afterwards', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => start()));
    assert.deepEqual(started, ['code-1']);
    assert.deepEqual(
      asked.filter((one) => one !== null),
      [{ code: 'code-1' }],
      'who comes while it is started has nothing yet',
    );
    assert.deepEqual(await start(), { code: 'code-1' });
    assert.deepEqual(await read(keyOf()), { code: 'code-1' });
    assert.deepEqual(started, ['code-1']);
  });

  it('is another one in another session, of another person, method or enrollment', async () => {
    const others = [{ session: 'two' }, { user: 'user2' }, { method: 'sms' }, { enrollment: 'e' }];
    await start();
    for (const other of others) {
      assert.equal(await read(keyOf(other)), null);
      assert.equal(await take(keyOf(other)), false);
    }
    for (const other of others) await start(keyOf(other));
    assert.equal(started.length, 5);
    assert.deepEqual(await read(keyOf()), { code: 'code-1' });
  });

  it('is started again where it is asked for, once, and what was before is over', async () => {
    await start();
    await restart();
    assert.deepEqual(await read(keyOf()), { code: 'code-2' });
    assert.deepEqual(await start(), { code: 'code-2' });
    assert.deepEqual(started, ['code-1', 'code-2']);
  });

  it('is over after its time', async () => {
    await start();
    clock.advance(10 * MINUTE - 1);
    assert.deepEqual(await read(keyOf()), { code: 'code-1' });
    clock.advance(1);
    assert.equal(await read(keyOf()), null);
    assert.equal(await take(keyOf()), false);
    assert.deepEqual(await start(), { code: 'code-2' });
  });

  it('is taken once', async () => {
    await start();
    const taken = await Promise.all([1, 2, 3].map(() => take(keyOf())));
    assert.deepEqual(taken.sort(), [false, false, true]);
    assert.equal(await read(keyOf()), null);
  });

  it('is told from one that was started since: an answer to it takes nothing else', async () => {
    await start();
    const first = await states.read(keyOf());
    assert.ok(first);
    assert.equal(await states.take(keyOf(), first, 10 * MINUTE), true);
    assert.deepEqual(await start(), { code: 'code-2' });
    assert.equal(await states.take(keyOf(), first, 10 * MINUTE), false);
    await restart();
    assert.equal(await take(keyOf()), true);
  });

  it('may be nothing at all', async () => {
    assert.equal(await start(keyOf(), () => undefined), null);
    assert.equal(await take(keyOf()), true);
  });

  it('is nobody’s while it is being started, and is sent by nobody else', async () => {
    let sent = (_state: unknown): void => {};
    const starting = start(keyOf(), () => new Promise((resolve) => (sent = resolve)));
    assert.equal(await read(keyOf()), null);
    // Whether the mail is on its way or not: whoever asks for the page meanwhile sends no other.
    assert.equal(await start(), null);
    assert.deepEqual(started, []);
    sent({ code: 'late' });
    assert.deepEqual(await starting, { code: 'late' });
    assert.equal(await take(keyOf()), true);
  });

  it('lets the next one try at once where it has failed, without a wait', async () => {
    const bug = new Error('no mail today');
    for (const fails of [
      () => Promise.reject(bug),
      () => {
        throw bug;
      },
    ]) {
      await assert.rejects(start(keyOf(), fails), bug);
      assert.equal(await read(keyOf()), null);
      assert.equal(await take(keyOf()), false);
    }
    assert.deepEqual(await start(), { code: 'code-1' });
  });

  it('lets another one try where a process has died over it', async () => {
    void start(keyOf(), () => new Promise(() => {}));
    assert.equal(await start(), null);
    clock.advance(30_000);
    assert.deepEqual(await start(), { code: 'code-1' });
  });

  it('is started ten times in a quarter of an hour, over all sessions of a person', async () => {
    for (let n = 1; n <= 10; n += 1) await start(keyOf({ session: `session ${n}` }));
    const eleventh = keyOf({ session: 'session 11' });
    for (const tries of [start(eleventh), restart(eleventh), restart(keyOf())]) {
      await assert.rejects(tries, (error) => {
        assert.ok(error instanceof RequestError);
        assert.deepEqual([error.status, error.error], [429, 'too_many_challenges']);
        assert.equal(error.retryAfterSeconds, 15 * 60);
        return true;
      });
    }
    assert.equal(started.length, 10);
    const good = await read(keyOf({ session: 'session 1' }));
    assert.deepEqual(good, { code: 'code-1' }, 'what is good stays so');
    await start(keyOf({ session: 'session 1' }));
    assert.equal(started.length, 10, 'a look at it is no start');
    await start(keyOf({ user: 'user2' }));
    await start(keyOf({ method: 'sms' }));
    assert.equal(started.length, 12, 'others, and other methods, have their own');
    clock.advance(15 * MINUTE);
    assert.deepEqual(await start(eleventh), { code: 'code-13' });
  });

  it('is at most two kilobytes of JSON, whatever letters they are', async () => {
    const sized = (letter: string, bytes: number) => () =>
      letter.repeat((bytes - 2) / Buffer.byteLength(letter));
    for (const letter of ['x', 'é']) {
      await assert.rejects(start(keyOf(), sized(letter, 2050)), {
        ...{ code: 'ERR_METHOD', status: 503 },
        message: 'email-code.start() must answer at most 2048 bytes of JSON',
      });
      assert.equal(await read(keyOf()), null);
    }
    const most = sized('é', 2048);
    assert.equal(await start(keyOf(), most), most());
    assert.equal(await read(keyOf()), most());
  });

  it('is sealed in the store, and opens nowhere else', async () => {
    const kept: string[] = [];
    const seen: SecondFactorStore = {
      ...store,
      async claim(id, claimed) {
        kept.push(claimed.owner);
        return store.claim(id, claimed);
      },
    };
    const spied = challengeStates({ store: seen, keyring: keyring([KEY]) });
    await spied.start(keyOf(), MINUTE, send);
    const sealed = kept.at(-1) ?? '';
    assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /code-1/);
    const elsewhere = challengeStates({
      store: {
        ...store,
        readTransaction: async () => Buffer.from(sealed),
        claim: () => assert.fail('a look writes nothing'),
      },
      keyring: keyring([KEY]),
    });
    assert.deepEqual((await elsewhere.read(keyOf()))?.state, { code: 'code-1' });
    await assert.rejects(elsewhere.read(keyOf({ session: 'two' })), { code: 'ERR_SEALED' });
  });
});
