import assert from 'node:assert/strict';
import { SallyportError, sallyport } from 'sallyport';
import { hostOptions } from '../support/app.js';

describe('the routes that a gate leaves alone', () => {
  const door = sallyport(hostOptions());
  after(() => door.close());

  it('are a method and an exact path each', () => {
    const parts = door.gate({ exempt: ['GET /healthz', 'POST /hooks/a.b~c'] });
    assert.deepEqual(
      parts.map((part) => [typeof part, part.length]),
      [
        ['function', 3],
        ['function', 4],
      ],
    );
  });

  for (const wrong of [
    '/healthz',
    'get /healthz',
    'GET  /healthz',
    'GET healthz',
    'GET /healthz?x=1',
    'GET /public/*',
    'GET /health z',
    'GET /x#y',
    '* /healthz',
    ' GET /healthz',
    'xGET /healthz',
    'GET /a GET /b',
    '',
    null,
    /healthz/,
  ]) {
    it(`cannot be named as ${JSON.stringify(wrong) ?? wrong}`, () => {
      assert.throws(
        () => door.gate({ exempt: ['GET /ok', wrong as string] }),
        (error) =>
          error instanceof SallyportError &&
          error.code === 'ERR_OPTION' &&
          error.message.startsWith('exempt[1] ') &&
          error.message.includes("'GET /healthz'"),
      );
    });
  }
});
