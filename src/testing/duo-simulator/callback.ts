import { randomUUID } from 'node:crypto';
import type { Account } from './account.js';
import type { AuthorizeRequest } from './authorize-request.js';
import type { Grant } from './codes.js';
import { type Reply, redirect } from './reply.js';
import { SOMEBODY_ELSE } from './tokens.js';

/** Where a callback's code comes from when the account has one application only. */
const OTHER_APP = 'DISIMULATEDOTHERAPP0';

const OUTCOMES: Readonly<Record<Grant['reason'], string>> = {
  user_approved: 'approved',
  bypass_user: 'bypassed',
  remembered_device: 'remembered',
};

/** The redirect back to the application with a fresh code, or what the callback's setting makes of it. */
export function sendBack(
  account: Account,
  request: AuthorizeRequest,
  {
    status,
    reason,
    ageMs = 0,
  }: { status: 302 | 303; reason: Grant['reason'] /** Of the approval. */; ageMs?: number },
): Reply {
  const { clientId, username, redirectUri, nonce, state, codeParameter } = request;
  const now = account.now();
  const fault = account.faults.take('callback')?.fault;
  const { phone, username: primaryName } = account.users.get(username);
  const grant: Grant = {
    ...{ clientId, username, primaryName, redirectUri, nonce, reason, phone },
    txid: randomUUID(),
    approvedAt: now - ageMs,
  };
  const issue = (change: Partial<Grant> = {}) => account.codes.issue({ ...grant, ...change }, now);

  const url = new URL(redirectUri);
  const put = (name: string, value: string) => url.searchParams.append(name, value);
  switch (fault) {
    case 'wrong-state':
      put(codeParameter, issue());
      put('state', [...state].reverse().join('') + state.length);
      break;
    case 'missing-state':
      put(codeParameter, issue());
      break;
    case 'doubled-state':
      put(codeParameter, issue());
      put('state', state);
      put('state', state);
      break;
    case 'other-transaction-code':
      put(
        codeParameter,
        issue({ username: SOMEBODY_ELSE, primaryName: SOMEBODY_ELSE, txid: randomUUID() }),
      );
      put('state', state);
      break;
    case 'other-tenant-code':
      put(codeParameter, issue({ clientId: otherApp(account, clientId), txid: randomUUID() }));
      put('state', state);
      break;
    case 'error':
      put('error', 'access_denied');
      put('error_description', 'The user denied the login.');
      put('state', state);
      break;
    default:
      put(codeParameter, issue());
      put('state', state);
  }
  const outcome = OUTCOMES[reason];
  const note = { outcome, clientId, username, ...(fault ? { fault } : {}) };
  return redirect(status, url.href, note);
}

function otherApp({ apps }: Account, clientId: string): string {
  return [...apps.keys()].find((id) => id !== clientId) ?? OTHER_APP;
}
