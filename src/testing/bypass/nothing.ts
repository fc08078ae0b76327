import { randomBytes } from 'node:crypto';
import type { Answered, Asked, Wire } from './exchange.js';
import { METHODS, type Standing } from './probes.js';

interface Refusal {
  readonly method: string;
  readonly status: number;
  readonly type: string;
  /** Without what was asked for. */
  readonly text: string;
}

/**
 * How this app refuses whatever is asked for, there or not: with a 404 where a gate is mounted below a path of its own
 * and odd spellings of that path come to the app, with a 403 where a CSRF guard stands ahead of the gate. Whoever is
 * told the same of a path that does not exist has been told nothing.
 */
export async function learnNothing(
  wire: Wire,
  headers: Readonly<Record<string, string>>,
): Promise<Standing['nothing']> {
  const known: Refusal[] = [];
  for (const method of METHODS) {
    for (const accept of ['application/json', 'text/html']) {
      const asked = { method, path: `/${randomBytes(12).toString('hex')}` };
      const found = refusalIn(asked, await wire.ask({ ...asked, headers: { ...headers, accept } }));
      if (found) known.push(found);
    }
  }
  return (asked, answered) => {
    const found = refusalIn(asked, answered);
    return (
      found !== null &&
      known.some(
        ({ method, status, type, text }) =>
          method === found.method &&
          status === found.status &&
          type === found.type &&
          // What the page says anyway may be what was asked for: a link to the login page.
          withoutPath(text, asked.path) === found.text,
      )
    );
  };
}

/** A 401 is for the gate's own answers to be told from. */
function refusalIn({ method, path }: Asked, answered: Answered): Refusal | null {
  const { status, headers, text } = answered;
  if (status < 400 || status >= 500 || status === 401) return null;
  return {
    method,
    status,
    type: headers['content-type'] ?? '',
    text: withoutPath(withoutStack(text), path).replace(/\s+/g, ' '),
  };
}

/** Express's own error page in development: where an error was thrown may depend on what came before. */
function withoutStack(text: string): string {
  return text.replace(/<pre>([^<]*)<br>.*<\/pre>/s, '<pre>$1</pre>');
}

/** A page says what was asked for as it stood, or decoded, and encodes it for HTML. */
function withoutPath(text: string, path: string): string {
  const plain = path.replace(/[?#].*$/, '');
  const forms = new Set([path, plain, html(path), html(plain)]);
  return [...forms]
    .toSorted((one, other) => other.length - one.length)
    .reduce(
      (rest, form) =>
        form === '/' ? rest.replace(/ \/(?=[<\s]|$)/g, ' ') : rest.replaceAll(form, ''),
      text,
    );
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
