import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  request,
  Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it is put on the wire: the path is sent as it stands. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Wire {
  readonly origin: string;
  /** Rejects when there is no answer within the deadline. */
  ask(asked: Asked): Promise<Answered>;
  close(): void;
}

const DEADLINE_MS = 10_000;
const MAX_TEXT = 64 * 1024;

/**
 * The app on a free port of 127.0.0.1, or a server of the host's own, which is started there if it is not
 * listening. Neither keeps the process from ending.
 */
export async function openWire(target: RequestListener | Server): Promise<Wire> {
  const server = target instanceof Server ? target : createServer(target);
  const ours = !server.listening;
  if (ours) {
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
  }
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  return {
    origin: `http://127.0.0.1:${port}`,

    async ask({ method, path, headers = {}, body }) {
      const sent = request({
        ...{ host: '127.0.0.1', port, method, path, agent },
        headers: {
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      return new Promise((resolve, reject) => {
        sent.on('error', reject);
        sent.on('response', (response) => read(response).then(resolve, reject));
        // Whoever takes an upgrade has answered it; what is said on the socket then is not ours to know.
        sent.on('upgrade', ({ statusCode = 101, headers: upgraded }, socket) => {
          socket.destroy();
          resolve({ status: statusCode, headers: upgraded, text: '' });
        });
        sent.end(body);
      });
    },

    close() {
      agent.destroy();
      if (!ours) return;
      server.close();
      server.closeAllConnections();
    },
  };
}

async function read(response: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    // A stream may never end, and its beginning says enough.
    if (length > MAX_TEXT) break;
    chunks.push(chunk as Buffer);
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  };
}
