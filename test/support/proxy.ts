import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be made slow, or broken off, on loopback. */
export interface SlowWay {
  readonly url: string;
  readonly port: number;
  /** Leads to another server from the next connection on. */
  leadTo(port: number): void;
  /** How long each piece of an answer is held back, in milliseconds. */
  delay(ms: number): void;
  /** Resets every connection when so many more pieces of requests have come; each has gone through. */
  resetAfter(pieces: number): void;
  /** Asked before each piece of an answer is passed on; after the first yes no more of them are. */
  holdWhen(condition: () => Promise<boolean>): void;
  stop(): Promise<void>;
}

export async function startProxy(first: number): Promise<SlowWay> {
  let target = first;
  const sockets = new Set<Socket>();
  let latency = 0;
  let left = Number.POSITIVE_INFINITY;
  let holding: (() => Promise<boolean>) | null = null;

  const server = createServer((client) => {
    const upstream = connect({ port: target, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (piece) => {
      upstream.write(piece);
      left -= 1;
      if (left > 0) return;
      left = Number.POSITIVE_INFINITY;
      for (const socket of sockets) socket.resetAndDestroy();
    });
    let passed: Promise<unknown> = Promise.resolve();
    upstream.on('data', (piece) => {
      passed = passed.then(async () => {
        if (await holding?.()) holding = async () => true;
        else if (latency === 0) client.write(piece);
        else setTimeout(() => client.write(piece), latency);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    leadTo(other) {
      target = other;
    },
    delay(ms) {
      latency = ms;
    },
    resetAfter(pieces) {
      left = pieces;
    },
    holdWhen(condition) {
      holding = condition;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
