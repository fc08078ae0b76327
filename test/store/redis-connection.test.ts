import assert from 'node:assert/strict';
import type { TrackedClient } from '../../src/store/redis/client.js';
import { redisConnection } from '../../src/store/redis/connection.js';
import { eventually } from '../support/redis.js';
import { isUnavailable } from '../support/redis-store.js';

/** What a server may do to a connection, each in its own turn and by our own clock. */
describe('the connection of a redis store', () => {
  function setUp({ timeout = 50 } = {}) {
    const clock = { ms: 1000 };
    const clients: { emit(event: string, value: unknown): void; destroyed: boolean }[] = [];
    const server = {
      answer: async (args: readonly unknown[]): Promise<unknown> =>
        args[0] === 'TIME' ? ['1767225600', '250000'] : 'OK',
    };
    const seen: string[] = [];
    const connect = (): TrackedClient => {
      const listeners = new Map<string, (value: never) => void>();
      const client = {
        destroyed: false,
        isReady: true,
        connect: async () => {},
        destroy() {
          client.destroyed = true;
        },
        sendCommand: (args: readonly unknown[]) => server.answer(args),
        on: (event: string, listener: (value: never) => void) => listeners.set(event, listener),
        emit: (event: string, value: unknown) => listeners.get(event)?.(value as never),
      };
      clients.push(client);
      return client as unknown as TrackedClient;
    };
    const connection = redisConnection(
      connect,
      { timeout, monotonic: () => clock.ms },
      { invalidated: (key) => seen.push(String(key)), lost: () => seen.push('lost') },
    );
    return { clock, clients, server, seen, connection };
  }
  const never = () => new Promise<never>(() => {});

  it('is believed for 4 s after the server was last heard, whatever timers do', async () => {
    const { connection, clock } = setUp();
    await connection.open();
    assert.equal(connection.trusted(), true);
    clock.ms += 3999;
    assert.equal(connection.trusted(), true);
    clock.ms += 1;
    assert.equal(connection.trusted(), false);
    connection.close();
  });

  it('tells the time of the server, and carries it on by itself', async () => {
    const { connection, clock } = setUp();
    await connection.open();
    assert.equal(connection.now(), 1_767_225_600_250);
    clock.ms += 1234;
    assert.equal(connection.now(), 1_767_225_601_484);
    connection.close();
  });

  it('is thrown away on an error, and no longer believed or listened to', async () => {
    const { connection, clients, seen } = setUp();
    await connection.open();
    clients[0]?.emit('invalidate', Buffer.from('key'));
    clients[0]?.emit('error', new Error('what was sent cannot be read'));
    assert.deepEqual(seen, ['key', 'lost']);
    assert.equal(connection.trusted(), false);
    assert.equal(clients[0]?.destroyed, true);
    clients[0]?.emit('invalidate', Buffer.from('late'));
    assert.deepEqual(seen, ['key', 'lost']);
    assert.equal(await connection.call((send) => send(['GET', 'x'])), 'OK');
    assert.equal(clients.length, 2);
    connection.close();
  });

  it('fails calls at once after one has timed out, until the server answers again', async () => {
    const { connection, server } = setUp();
    await connection.open();
    const { answer } = server;
    server.answer = never;
    await assert.rejects(
      connection.call((send) => send(['GET', 'x'])),
      isUnavailable,
    );
    let sent = false;
    await assert.rejects(
      connection.call(async () => {
        sent = true;
      }),
      isUnavailable,
    );
    assert.equal(sent, false);
    server.answer = answer;
    await eventually(() => connection.call(async () => true));
    connection.close();
  });

  it('takes an answer that arrived while this process was busy for an answer', async () => {
    const { connection, server } = setUp({ timeout: 50 });
    await connection.open();
    // Due after the deadline, and before this process comes to look at either.
    server.answer = () => new Promise((resolve) => setTimeout(() => resolve('OK'), 60));
    const call = connection.call((send) => send(['GET', 'x']));
    const end = performance.now() + 120;
    while (performance.now() < end);
    assert.equal(await call, 'OK');
    connection.close();
  });
});
