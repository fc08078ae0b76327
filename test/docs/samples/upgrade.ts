import { createServer, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Door } from 'sallyport';

interface Upgrades {
  readonly app: Express;
  readonly door: Pick<Door, 'check'>;
  /** Those of the app, in their order: the session, passport.initialize(), passport.session(). */
  readonly layers: readonly RequestHandler[];
  /** Hands the socket to your WebSocket server. */
  readonly accept: (req: Request, socket: Duplex) => void;
}

/** A server that takes an upgrade from whoever is inside, and ends it when their session ends. */
export function serverWithUpgrades({ app, door, layers, accept }: Upgrades) {
  const server = createServer(app);
  server.on('upgrade', (req: Request, socket) => {
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    admit(req, socket).then(
      (inside) => inside || refuse('401 Unauthorized'),
      () => refuse('503 Service Unavailable'),
    );
  });
  return server;

  async function admit(req: Request, socket: Duplex): Promise<boolean> {
    const res = new ServerResponse(req) as Response;
    for (const layer of layers) {
      await new Promise<void>((resolve, reject) => {
        layer(req, res, (error?: unknown) => (error ? reject(error) : resolve()));
      });
    }
    const { decision, onRevoked } = await door.check(req);
    if (decision.kind !== 'pass') return false;
    const stop = onRevoked(() => void socket.destroy());
    socket.once('close', stop);
    accept(req, socket);
    return true;
  }
}
