import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuoWireFault } from './faults.js';
import { ELSEWHERE_HOST } from './hosts.js';
import type { Reply } from './reply.js';

const DRIP_MS = 50;
const MEBIBYTE = Buffer.alloc(1024 * 1024, ' ');

/** Faults that answer instead of Duo: the request is taken and never looked at. */
export type BluntFault = Exclude<DuoWireFault, 'oversized'>;

export function send(res: ServerResponse, { status, headers, body }: Reply): void {
  res.writeHead(status, headers).end(body);
}

/** The right answer behind 16 MiB of white space, which JSON and HTML both ignore: only a limit notices. */
export async function sendOversized(res: ServerResponse, reply: Reply): Promise<void> {
  res.writeHead(reply.status, reply.headers);
  const parts = [...Array<Buffer>(16).fill(MEBIBYTE), Buffer.from(reply.body)];
  // A client that had enough closes the connection: that is what this fault is for.
  await pipeline(Readable.from(parts), res).catch(() => {});
}

/** The status that each sends; null where no answer comes. */
export const bluntStatus: Readonly<Record<BluntFault, number | null>> = {
  '500': 500,
  '502-html': 502,
  '503': 503,
  empty: 200,
  null: 200,
  hang: null,
  'slow-drip': 200,
  reset: null,
  'redirect-307': 307,
};

export function misbehave(res: ServerResponse, fault: BluntFault, path: string): void {
  const status = bluntStatus[fault] ?? 200;
  const answer = (type: string, body: string) =>
    res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);

  switch (fault) {
    case '500':
    case '503':
      answer('application/json', `{"stat":"FAIL","code":${fault}00}`);
      return;
    case '502-html':
      answer('text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>');
      return;
    case 'empty':
      answer('application/json', '');
      return;
    case 'null':
      answer('application/json', 'null');
      return;
    case 'redirect-307':
      res.writeHead(status, { Location: `https://${ELSEWHERE_HOST}${path}` }).end();
      return;
    case 'slow-drip':
      drip(res);
      return;
    case 'hang':
      return;
    case 'reset':
      res.socket?.destroy();
      return;
    default:
      fault satisfies never;
  }
}

function drip(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'application/json' });
  const timer = setInterval(() => res.write(' '), DRIP_MS);
  res.once('close', () => clearInterval(timer));
}
