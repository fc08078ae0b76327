import assert from 'node:assert/strict';
import { memoryStore, SallyportError } from 'sallyport';
import { withNodeEnv } from '../support/node-env.js';

describe('memoryStore() in production', () => {
  it('is refused, with what to use and how to say that it is meant', () =>
    withNodeEnv('production', () => {
      for (const options of [undefined, {}, { production: false }, { now: () => 0 }]) {
        assert.throws(
          () => memoryStore(options),
          (error) =>
            error instanceof SallyportError &&
            error.code === 'ERR_OPTION' &&
            /redisStore\(client\).*memoryStore\(\{ production: true \}\)/.test(error.message),
        );
      }
    }));

  it('is made where it is meant', () =>
    withNodeEnv('production', () => {
      assert.equal(memoryStore({ production: true }).name, 'memory');
    }));

  for (const environment of [undefined, 'development', 'test', 'staging']) {
    it(`is made without a word where NODE_ENV is ${environment}`, () =>
      withNodeEnv(environment, () => {
        assert.equal(memoryStore().name, 'memory');
      }));
  }
});
