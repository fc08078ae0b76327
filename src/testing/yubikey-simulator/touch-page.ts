import type { IncomingMessage, RequestListener } from 'node:http';
import { type Html, html } from '../simulator/html.js';
import { ICON_PATH, icon, STYLESHEET_PATH, simulatorPage } from '../simulator/layout.js';
import { stylesheet } from '../simulator/stylesheet.js';
import type { SoftwareYubikey } from './key.js';
import type { YubikeyClient } from './validation.js';

export interface TouchPageConfig {
  readonly keys: ReadonlyMap<string, SoftwareYubikey>;
  readonly clients: readonly YubikeyClient[];
}

/** A page with one button per key: what a touch would type, to be copied; and the credentials to enter. */
export function touchListener(config: TouchPageConfig): RequestListener {
  return function answer(req, res) {
    const [status, type, body] = answerTo(req, config);
    req.resume();
    res.writeHead(status, { ...HEADERS, 'Content-Type': `${type}; charset=utf-8` }).end(body);
  };
}

type Answer = readonly [status: number, type: string, body: string];

const NOT_FOUND: Answer = [404, 'text/plain', 'Not found.'];

function answerTo(
  { method, url = '/', headers }: IncomingMessage,
  { keys, clients }: TouchPageConfig,
): Answer {
  // The page shows a secret: a foreign site whose name resolves to 127.0.0.1 must not read it.
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(headers.host ?? '')) {
    return [421, 'text/plain', 'The simulator answers to localhost only.'];
  }
  const shown = (typed: string | null): Answer => [
    200,
    'text/html',
    page(keys, clients, typed).markup,
  ];
  if (method === 'GET') {
    if (url === '/') return shown(null);
    if (url === STYLESHEET_PATH) return [200, 'text/css', stylesheet];
    return url === ICON_PATH ? [200, 'image/svg+xml', icon] : NOT_FOUND;
  }
  const touched = [...keys].find(([name]) => url === touchPath(name));
  return method === 'POST' && touched ? shown(touched[1].touch()) : NOT_FOUND;
}

function touchPath(name: string): string {
  return `/touch/${encodeURIComponent(name)}`;
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

function page(
  keys: TouchPageConfig['keys'],
  clients: TouchPageConfig['clients'],
  typed: string | null,
): Html {
  return simulatorPage({
    ...{ of: 'YubiKey', title: 'Keys to touch', wide: true },
    notice: 'These are no real keys: they run on this machine, for development and tests.',
    content: html`<h1>Keys to touch</h1>
<p>A real key types into the field that you are in. These show what they would type: copy it there.</p>
${typed === null ? null : html`<p role="status">The key has typed: <code data-sp="yubikey-otp">${typed}</code></p>`}
${[...keys.keys()].map(
  (
    name,
  ) => html`<form method="post" action="${touchPath(name)}"><button class="main" type="submit">Touch ${name}</button></form>
`,
)}
<h2>Credentials</h2>
<p>Enter these where your application asks for a client ID and a secret key. They open nothing but this simulator.</p>
${clients.map(
  ({ clientId, clientSecret }) => html`<dl>
<dt>Client ID</dt><dd><code data-sp="yubikey-client-id">${clientId}</code></dd>
<dt>Secret key</dt><dd><code data-sp="yubikey-secret-key">${clientSecret}</code></dd>
</dl>
`,
)}`,
  });
}
