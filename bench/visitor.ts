import { type Agent, request } from 'node:http';

/** Where a visitor is: the page that came after all redirects. */
export interface Page {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

export interface Visitor {
  /** Requests sent so far. */
  readonly requests: number;
  get(path: string): Promise<Page>;
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Page>;
}

/** A browser that costs little: cookies and redirects. */
export function visitor(agent: Agent, port: number): Visitor {
  const cookies = new Map<string, string>();
  let requests = 0;

  async function send(method: string, path: string, body = ''): Promise<Page> {
    requests += 1;
    const answer = await exchange({ agent, port, method, path, body, cookies });
    return answer.location === null ? { path, ...answer } : send('GET', answer.location);
  }

  return {
    get requests() {
      return requests;
    },
    get: (path) => send('GET', path),
    post: (path, fields) => send('POST', path, String(new URLSearchParams(fields))),
  };
}

interface Exchange {
  readonly agent: Agent;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly cookies: Map<string, string>;
}

function exchange({ agent, port, method, path, body, cookies }: Exchange) {
  return new Promise<Omit<Page, 'path'> & { location: string | null }>((resolve, reject) => {
    const headers: Record<string, string> = { accept: 'text/html' };
    if (cookies.size > 0) headers.cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    if (method === 'POST') {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers }, (response) => {
      for (const set of response.headers['set-cookie'] ?? []) {
        const [name = '', value = ''] = set.split(';', 1)[0]!.split(/=(.*)/);
        cookies.set(name, value);
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text,
          location: response.headers.location ?? null,
        }),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
