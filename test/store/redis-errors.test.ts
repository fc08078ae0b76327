import assert from 'node:assert/strict';
import { LateError } from '../../src/deadline.js';
import { SallyportError, UnavailableError } from '../../src/errors.js';
import { lostRecord } from '../../src/store/lost-record.js';
import {
  connectError,
  notInitialized,
  notReplicated,
  partlyLost,
  redirection,
  replyCode,
  unavailable,
} from '../../src/store/redis/errors.js';

describe('a failure of Redis', () => {
  it('is one error for all, which says in words what failed, and keeps its cause', () => {
    for (const [cause, message] of [
      [
        new LateError('no answer within 1000 ms'),
        'Redis does not answer: no answer within 1000 ms',
      ],
      [new Error('READONLY You can’t write'), 'Redis refused the operation (READONLY)'],
      [new Error('connect ECONNREFUSED'), 'Redis cannot be reached: connect ECONNREFUSED'],
      [new Error('OK'), 'Redis cannot be reached: OK'],
      [new Error('not a WRONGTYPE'), 'Redis cannot be reached: not a WRONGTYPE'],
      [new Error('OOMs'), 'Redis cannot be reached: OOMs'],
      ['just a text', 'Redis cannot be reached: just a text'],
      [
        new AggregateError([new Error('refused on IPv4')]),
        'Redis cannot be reached: refused on IPv4',
      ],
      [new AggregateError([], 'all refused'), 'Redis cannot be reached: all refused'],
    ] as const) {
      const error = unavailable(cause);
      assert.equal(error.code, 'ERR_STORE_UNAVAILABLE');
      assert.equal(error.message, message);
      assert.equal(error.cause, cause);
    }
    const known = new UnavailableError('ERR_POLICY', 'known');
    assert.equal(unavailable(known), known);
  });

  it('is known by the first word of the reply, and only of a reply', () => {
    assert.equal(replyCode(new Error('OOM command not allowed')), 'OOM');
    for (const other of [new Error('no'), new Error(''), new Error('AB c'), 'OOM', undefined]) {
      assert.equal(replyCode(other), null);
    }
  });

  it('says what to do where data are not there, not readable or not replicated', () => {
    const cause = new Error('JSON');
    for (const [error, code, message] of [
      [
        lostRecord('subject', 'user1', 'is damaged', cause),
        'ERR_STORE_RECORD',
        /^The record of subject user1 is damaged$/,
      ],
      [
        notInitialized(),
        'ERR_STORE_NOT_INITIALIZED',
        /^This Redis holds no .* run `npx sallyport init`; otherwise .* restore your data\.$/,
      ],
      [
        partlyLost(),
        'ERR_STORE_NOT_INITIALIZED',
        /^A part of this Cluster was emptied, .* restore your data; .*new installation, run `npx sallyport init`\.$/,
      ],
      [
        notReplicated(1, 2, 500),
        'ERR_STORE_UNAVAILABLE',
        /^1 of the 2 replicas of waitReplicas .* within 500 ms: it may be lost .* not reported as done$/,
      ],
    ] as const) {
      assert.ok(error instanceof UnavailableError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
    }
    assert.equal(lostRecord('session', 's', 'is gone', cause).cause, cause);
  });

  it('may say where else in the Cluster to ask', () => {
    const moved = new Error('MOVED 3999 127.0.0.1:6381');
    const expected = { kind: 'MOVED', address: { host: '127.0.0.1', port: 6381 } };
    assert.deepEqual(redirection(moved), expected);
    assert.deepEqual(redirection(unavailable(moved)), expected);
    assert.deepEqual(redirection(new Error('ASK 12 fe80::1:7000')), {
      kind: 'ASK',
      address: { host: 'fe80::1', port: 7000 },
    });
    for (const other of [
      new Error('xMOVED 3999 127.0.0.1:6381'),
      new Error('MOVED 3999 127.0.0.1:6381 and more'),
      new Error('MOVED 3999 127.0.0.1'),
      new Error('MOVED x 127.0.0.1:1'),
      'MOVED 3999 127.0.0.1:6381',
      undefined,
    ]) {
      assert.equal(redirection(other), null);
    }
  });

  it('to connect says what the server is lacking', () => {
    for (const message of [
      "NOPERM this user has no permissions to run the 'client|tracking' command",
      "NOPERM User reader has no permissions to run the 'client' command",
      "unknown subcommand 'TRACKING'",
    ]) {
      const cause = new Error(message);
      const error = connectError(cause);
      assert.ok(error instanceof SallyportError);
      assert.equal(error.code, 'ERR_REDIS_TRACKING', message);
      assert.match(error.message, /grant \+client\|tracking$/);
      assert.equal(error.cause, cause);
    }
    for (const message of ["ERR unknown command 'HELLO'", 'NOPROTO unsupported protocol version']) {
      const cause = new Error(message);
      const error = connectError(cause);
      assert.equal(error.code, 'ERR_REDIS_TRACKING');
      assert.equal(error.message, 'Sallyport needs Redis 6 or later (RESP 3)');
      assert.equal(error.cause, cause);
    }
    for (const other of [
      new Error('WRONGPASS invalid username-password pair'),
      new Error("NOPERM this user has no permissions to run the 'get' command"),
      new Error('client|tracking is on'),
      'unknown command hello',
    ]) {
      assert.equal(connectError(other).code, 'ERR_STORE_UNAVAILABLE');
    }
  });
});
