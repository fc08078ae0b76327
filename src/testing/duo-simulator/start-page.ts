import { type Html, html } from '../simulator/html.js';
import type { Account } from './account.js';
import type { DuoApp } from './app.js';
import { layout } from './layout.js';
import type { DuoUser, DuoUserState } from './users.js';

const meaning: Readonly<Record<DuoUserState, string>> = {
  active: 'has a phone and is asked',
  bypass: 'let in without being asked',
  remembered: 'let in on an approval of yesterday, unless a fresh prompt is asked for',
  'remembered-now': 'the same, and Duo says that it was now',
  unenrolled: 'registers a phone first',
  locked: 'locked out, refused',
  disabled: 'refused',
};

/** The counterpart of the application's page in Duo's console: the three values to copy, and who is known. */
export function startPage({ apiHost, apps, users }: Account): Html {
  return layout({
    title: 'Keys and users',
    wide: true,
    content: html`<h1>Keys and users</h1>
<p>Enter these where your application asks for its Duo keys. They open nothing but this simulator.</p>
<h2>Applications</h2>
${[...apps.values()].map((app) => keys(app, apiHost))}
<h2>Users</h2>
<p>Whoever is not listed is new here and registers a phone at the first prompt.</p>
${users.list().length === 0 ? html`<p class="quiet">Nobody yet.</p>` : userTable(users.list())}`,
  });
}

function keys(app: DuoApp, apiHost: string): Html {
  return html`<dl>
<dt>Application</dt><dd>${app.name ?? app.clientId}</dd>
<dt>Integration key (Client ID)</dt><dd><code data-sp="duo-integration-key">${app.clientId}</code></dd>
<dt>Secret key (Client secret)</dt><dd><code data-sp="duo-secret-key">${app.clientSecret}</code></dd>
<dt>API hostname</dt><dd><code data-sp="duo-api-host">${apiHost}</code></dd>
</dl>
`;
}

function userTable(list: readonly DuoUser[]): Html {
  return html`<table>
<thead><tr><th scope="col">User</th><th scope="col">State</th></tr></thead>
<tbody>
${list.map(
  ({ username, state, phone }) =>
    html`<tr><td>${username}</td><td>${state}: ${meaning[state]}${phone === null ? null : html`<br>${phone}`}</td></tr>
`,
)}</tbody>
</table>`;
}
