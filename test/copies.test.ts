import assert from 'node:assert/strict';
import {
  memoryStore,
  OutageError,
  RequestError,
  SallyportError,
  UnavailableError,
} from 'sallyport';
import type * as Errors from '../src/errors.js';
import { host } from './support/app.js';
import { Browser } from './support/browser.js';

/** Another copy of the library's errors in this process, as a bundle beside a `node_modules` has it. */
// @ts-expect-error: the same module under another address
const other: typeof Errors = await import('../src/errors.js?another-copy');

describe('two copies of the library in one process', () => {
  it('are two', () => {
    assert.notEqual(other.SallyportError, SallyportError);
  });

  it('know each other’s errors, and what they are', () => {
    const outage = new other.OutageError('the gateway is away');
    const refusal = new other.RequestError(409, 'taken', 'It is taken.');
    for (const [error, classes] of [
      [new other.SallyportError('ERR_OPTION', 'wrong'), [SallyportError]],
      [new other.UnavailableError('ERR_POLICY', 'late'), [SallyportError, UnavailableError]],
      [outage, [SallyportError, UnavailableError, OutageError]],
      [refusal, [RequestError]],
    ] as const) {
      for (const one of [SallyportError, UnavailableError, OutageError, RequestError]) {
        const right = (classes as readonly unknown[]).includes(one);
        assert.equal(error instanceof one, right, `${error.name} of ${one.name}`);
      }
    }
    assert.ok(new OutageError('here') instanceof other.UnavailableError);
  });

  it('take nothing else for one, and what a host derives for itself alone', () => {
    class Mine extends RequestError {}
    const strange = [
      null,
      undefined,
      7,
      'RequestError',
      {},
      { name: 'RequestError' },
      new Error('x'),
    ];
    for (const value of strange) assert.equal((value as object) instanceof RequestError, false);
    assert.ok(new Mine(400, 'mine', 'Mine.') instanceof Mine);
    assert.ok(new Mine(400, 'mine', 'Mine.') instanceof RequestError);
    assert.ok(new Mine(400, 'mine', 'Mine.') instanceof other.RequestError);
    assert.equal(new other.RequestError(400, 'theirs', 'Theirs.') instanceof Mine, false);
  });

  it('answer with what a store, a policy or a method of the other has thrown', async () => {
    const store = memoryStore();
    let policy = (): never => {
      throw new other.UnavailableError('ERR_POLICY', 'the directory is away');
    };
    const { app, door } = await host({ store, policy: () => policy() });
    try {
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const unavailable = await browser.json('get', '/reports');
      assert.deepEqual([unavailable.status, unavailable.body.code], [503, 'ERR_POLICY']);
      policy = () => {
        throw new other.SallyportError('ERR_STORE_RECORD', 'gone');
      };
      assert.equal((await browser.json('get', '/reports')).status, 503);
    } finally {
      await door.close();
    }
  });
});
