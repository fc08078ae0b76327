import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Browser } from './browser.js';

export interface RawRequest {
  readonly method?: string;
  /** The request target, exactly as it is sent. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whose cookies are sent. */
  readonly as?: Browser;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request as it stands: no path is normalized, no header added but the cookies. */
export async function raw(target: Express | string, wanted: RawRequest): Promise<RawResponse> {
  if (typeof target === 'string') return rawTo(Number(new URL(target).port), wanted);
  const server = target.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await rawTo((server.address() as AddressInfo).port, wanted);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function rawTo(port: number, wanted: RawRequest): Promise<RawResponse> {
  const cookie = [...(wanted.as?.cookies ?? [])].map((pair) => pair.join('=')).join('; ');
  const { body } = wanted;
  const sent = request({
    host: '127.0.0.1',
    port,
    method: wanted.method ?? 'GET',
    path: wanted.path,
    agent: false,
    headers: {
      ...(cookie ? { cookie } : {}),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...wanted.headers,
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  };
}
