import { EventEmitter } from 'node:events';
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';

export interface Wanted {
  readonly method?: string;
  /** The request target, as it would stand on the wire. */
  readonly path: string;
  /** Names in lower case, as Node's parser gives them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text: string;
}

/** A request that has not been answered by then hangs. Real time: nothing in the app waits for longer. */
const HANGS_AFTER_MS = 10_000;

/**
 * Hands one request to the app without a connection: Node's own request and response objects, and nothing on
 * a wire. Some twenty times as fast as a connection, for tests that send very many.
 */
export function dispatch(
  app: Express,
  { method = 'GET', path, headers = {}, body }: Wanted,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress: '127.0.0.1',
      readable: true,
      writable: true,
      destroy() {},
    });
    const req = new IncomingMessage(socket as unknown as Socket);
    req.method = method;
    req.url = path;
    req.httpVersion = '1.1';
    const sent: Record<string, string> = { host: 'localhost:3000', ...headers };
    if (body !== undefined && sent['content-length'] === undefined) {
      sent['content-length'] = String(Buffer.byteLength(body));
    }
    req.headers = sent;
    if (body !== undefined && body.length > 0) req.push(body);
    req.push(null);
    req.complete = true;

    const res = new ServerResponse(req);
    const chunks: Buffer[] = [];
    const late = setTimeout(
      () => reject(new Error(`${method} ${path} was not answered`)),
      HANGS_AFTER_MS,
    );
    const keep = (chunk: unknown, encoding: unknown): void => {
      if (Buffer.isBuffer(chunk)) chunks.push(chunk);
      else if (typeof chunk === 'string') {
        chunks.push(
          Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'),
        );
      }
    };
    const begin = (): void => {
      if (!res.headersSent) res.writeHead(res.statusCode);
    };
    res.write = ((chunk: unknown, encoding: unknown) => {
      begin();
      keep(chunk, encoding);
      return true;
    }) as ServerResponse['write'];
    res.end = ((chunk: unknown, encoding: unknown) => {
      if (res.writableEnded) return res;
      begin();
      keep(chunk, encoding);
      Object.defineProperty(res, 'writableEnded', { value: true });
      res.finished = true;
      clearTimeout(late);
      res.emit('finish');
      res.emit('close');
      resolve({
        status: res.statusCode,
        headers: res.getHeaders(),
        text: Buffer.concat(chunks).toString(),
      });
      return res;
    }) as ServerResponse['end'];
    res.destroy = ((error?: Error) => {
      clearTimeout(late);
      reject(error ?? new Error(`${method} ${path} was cut off`));
      return res;
    }) as ServerResponse['destroy'];
    app(req as never, res as never, (error?: unknown) => {
      clearTimeout(late);
      reject(error ?? new Error(`${method} ${path} fell through the app`));
    });
  });
}
