import assert from 'node:assert/strict';
import { redisKeys } from '../../src/store/redis/keys.js';
import { marker } from '../../src/store/redis/marker.js';
import type { Send } from '../../src/store/redis/send.js';
import { coded } from '../support/redis-store.js';

describe('the marker of a redis store', () => {
  /** A server that holds the marker or not, and what happens in the turn in which it answers. */
  function setUp() {
    const server = { present: true, gets: 0, afterAnswer: () => {} };
    const shards = {
      trusted: () => true,
      grouped: () => [],
      async call<T>(_key: string, work: (send: Send) => Promise<T>): Promise<T> {
        const result = await work(async () => {
          server.gets += 1;
          const answer = server.present ? Buffer.from('1') : null;
          server.afterAnswer();
          return answer;
        });
        return result;
      },
    };
    const mark = marker(redisKeys('sp:'), shards, { clustered: false });
    return { server, mark };
  }
  const lost = coded('ERR_STORE_NOT_INITIALIZED');

  it('is asked for once, until it is said to have changed', async () => {
    const { server, mark } = setUp();
    for (let n = 0; n < 3; n += 1) await mark.guard('sp:{s:user1}', async () => n);
    assert.equal(server.gets, 1);
    mark.forget();
    await mark.guard('sp:{s:user1}', async () => 1);
    assert.equal(server.gets, 2);
  });

  it('lets no write begin without it', async () => {
    const { server, mark } = setUp();
    server.present = false;
    let written = false;
    const write = async () => {
      written = true;
    };
    await assert.rejects(mark.guard('sp:{s:user1}', write), lost);
    assert.equal(written, false);
  });

  it('fails a write during which it was lost', async () => {
    const { server, mark } = setUp();
    const write = async () => {
      server.present = false;
      mark.forget();
    };
    await assert.rejects(mark.guard('sp:{s:user1}', write), lost);
  });

  it('fails a write when it was lost in the turn in which it was found', async () => {
    const { server, mark } = setUp();
    server.afterAnswer = () => {
      server.present = false;
      mark.forget();
    };
    await assert.rejects(
      mark.guard('sp:{s:user1}', async () => {}),
      lost,
    );
  });

  it('fails no write when it was set again meanwhile', async () => {
    const { mark } = setUp();
    const write = async () => {
      mark.forget();
      return 'written';
    };
    assert.equal(await mark.guard('sp:{s:user1}', write), 'written');
  });
});
