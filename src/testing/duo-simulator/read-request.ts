import type { IncomingMessage } from 'node:http';

export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
}

const MAX_FORM_BYTES = 65_536;

/** The request with its form, or null where the form is larger than any honest one. */
export async function readRequest(req: IncomingMessage): Promise<Arrived | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_FORM_BYTES) chunks.push(chunk);
  }
  if (size > MAX_FORM_BYTES) return null;
  const { pathname, searchParams } = new URL(`http://localhost${req.url}`);
  return {
    method: req.method ?? 'GET',
    path: pathname,
    query: searchParams,
    form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
  };
}
