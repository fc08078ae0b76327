import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { sessionEnds } from '../../src/session/session-ends.js';

const FOR = { endedForMs: 60_000 };

describe('the ends of sessions', () => {
  function ends() {
    const inner = memoryStore();
    let asked = 0;
    const store = {
      async end(session: string, keepMs: number, end?: { readonly renewed: boolean }) {
        asked += 1;
        return inner.end(session, keepMs, end);
      },
      readAssurance: inner.readAssurance,
      refreshAssurance: inner.refreshAssurance,
      now: () => inner.now(),
    };
    return { inner, store, asked: () => asked };
  }

  it('belong to the one who comes first, on this process and on another', async () => {
    const { store } = ends();
    const [here, there] = [sessionEnds(store, FOR), sessionEnds(store, FOR)];
    assert.equal(await here.end('one'), true);
    assert.equal(await here.end('one'), false);
    assert.equal(await there.end('one'), false);
  });

  it('that are known need not be asked for again', async () => {
    const { store, asked } = ends();
    const here = sessionEnds(store, FOR);
    await here.end('one');
    await here.end('one');
    assert.equal(asked(), 1);
    const silent = { ...store, readAssurance: () => assert.fail('is known') };
    const knowing = sessionEnds(silent, FOR);
    await knowing.end('two');
    assert.equal(knowing.isEnded('two'), true);
  });

  it('count as renewed a moment ago also where the clock of another process is a little ahead', async () => {
    const { inner, store } = ends();
    const now = inner.now();
    const at = (ms: number) => sessionEnds({ ...store, now: () => now + ms }, FOR);
    await inner.end('one', FOR.endedForMs, { renewed: true });
    const renewedAt =
      (inner.readAssurance('one') as { expiresAt: number }).expiresAt - FOR.endedForMs;
    for (const [age, expected] of [
      [0, true],
      [-1500, true],
      [59_000, true],
      [61_000, false],
      [-5000, false],
    ] as const) {
      assert.equal(await at(renewedAt - now + age).wasRenewed('one'), expected, String(age));
    }
  });

  it('are asked for anew where the session is gone, whatever is at hand', async () => {
    const { inner, store } = ends();
    const proof = { subjectId: 'user1', epoch: 0, login: 'login', factors: [], lifetimeMs: 1000 };
    await inner.prove('one', proof);
    const before = inner.readAssurance('one');
    const here = sessionEnds({ ...store, readAssurance: () => before }, FOR);
    await inner.end('one', 60_000, { renewed: true });
    assert.equal(here.wasRenewed('one'), false, 'it has not heard');
    await here.learn('one');
    assert.equal(here.wasRenewed('one'), true);
    assert.equal(here.isEnded('one'), true);
    await here.learn('never there');
    assert.equal(here.wasRenewed('never there'), false);
  });

  it('are kept for as long as the host says', async () => {
    let kept = 0;
    const { store } = ends();
    const ended = {
      ...store,
      async end(_session: string, keepMs: number) {
        kept = keepMs;
        return true;
      },
    };
    await sessionEnds(ended, { endedForMs: 7 }).end('one');
    assert.equal(kept, 7);
  });

  it('are read at once or later, as the store answers', async () => {
    const { inner, store } = ends();
    await inner.end('gone', 1000);
    await inner.prove('here', {
      subjectId: 'user1',
      epoch: 0,
      login: 'login',
      factors: [],
      lifetimeMs: 1000,
    });
    const warm = sessionEnds(store, FOR);
    const cold = sessionEnds(
      { ...store, readAssurance: async (id) => inner.readAssurance(id) },
      FOR,
    );
    for (const [session, expected] of [
      ['gone', true],
      ['here', false],
      ['unheard of', false],
    ] as const) {
      assert.equal(warm.isEnded(session), expected, session);
      assert.equal(await cold.isEnded(session), expected, session);
    }
  });

  it('are not asked for while the session is one that was just begun', () => {
    const here = sessionEnds(
      {
        ...{ end: async () => true, now: () => 0 },
        readAssurance: () => assert.fail('is new'),
        refreshAssurance: () => assert.fail('is new'),
      },
      FOR,
    );
    const known = here.begun('one', () => false);
    assert.equal(here.isEnded('one'), false);
    known();
    assert.throws(() => here.isEnded('one'), /is new/);
    let told = false;
    here.begun('two', () => told);
    assert.equal(here.isEnded('two'), false);
    told = true;
    assert.throws(() => here.isEnded('two'), /is new/, 'a response under way may have told it');
  });

  it('leave a mark of a session that was just begun only where it may have proven something', async () => {
    const marked: string[] = [];
    const store = {
      async end(session: string) {
        marked.push(session);
        return true;
      },
      readAssurance: () => assert.fail('nobody else can know of it'),
      refreshAssurance: () => assert.fail('nobody else can know of it'),
      now: () => 0,
    };
    const here = sessionEnds(store, FOR);
    const sessions = ['untold', 'proven', 'told', 'answered'];
    for (const session of sessions) here.begun(session, () => session === 'told');
    here.proves('proven');
    here.begun('answered', () => false)();
    for (const session of sessions) {
      assert.equal(await here.end(session), true);
      assert.equal(await here.end(session), false, 'once');
      assert.equal(here.isEnded(session), true);
    }
    assert.deepEqual(marked, ['proven', 'told', 'answered']);
  });
});
