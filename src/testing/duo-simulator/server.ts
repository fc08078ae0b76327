import type { RequestListener, ServerResponse } from 'node:http';
import type { Account } from './account.js';
import { type DuoFaultSetting, type FaultFor, isWireFault } from './faults.js';
import { ELSEWHERE_HOST } from './hosts.js';
import type { DuoLogEntry } from './log.js';
import { problemPage } from './prompt-pages.js';
import { readRequest } from './read-request.js';
import { logEntry, page, type Reply } from './reply.js';
import { apiRoute, localPage, promptRoute, type Route } from './routes.js';
import { type BluntFault, bluntStatus, misbehave, send, sendOversized } from './wire.js';

/** Duo's own side, over TLS: the API, and the prompt for whoever trusts the simulator's CA. */
export function apiListener(account: Account): RequestListener {
  return caught(async (req, res) => {
    const arrived = await readRequest(req);
    if (!arrived) return send(res, tooLarge());
    const via = req.headers.host === ELSEWHERE_HOST ? 'elsewhere' : 'api';
    const route = apiRoute(account, arrived) ?? promptRoute(account, arrived);
    if (route) return answer({ account, res, route, via, path: arrived.path });
    return send(res, localPage(account, arrived) ?? notFound());
  });
}

/** The prompt and the start page over plain http, for a browser on the same machine. */
export function promptListener(account: Account): RequestListener {
  return caught(async (req, res) => {
    // The start page shows keys: a foreign site whose name resolves to 127.0.0.1 must not read them.
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(req.headers.host ?? '')) {
      return send(res, wrongHost());
    }
    const arrived = await readRequest(req);
    if (!arrived) return send(res, tooLarge());
    const route = promptRoute(account, arrived);
    if (route) return answer({ account, res, route, via: 'prompt', path: arrived.path });
    return send(res, localPage(account, arrived) ?? notFound());
  });
}

interface Exchange {
  readonly account: Account;
  readonly res: ServerResponse;
  readonly route: Route;
  readonly via: DuoLogEntry['via'];
  readonly path: string;
}

async function answer({ account, res, route, via, path }: Exchange): Promise<void> {
  const about = { at: account.now(), endpoint: route.endpoint, via };
  // Where a 307 leads, everything works, so that a client which follows it is seen to succeed.
  const served = via === 'elsewhere' ? faultless(route) : tampered(account, route);

  // The log comes before the answer, so that a client which has its answer finds the entry.
  if (served.blunt) {
    const { blunt: fault } = served;
    account.log.add(logEntry({ outcome: 'fault', status: bluntStatus[fault], fault }, about));
    return misbehave(res, fault, path);
  }
  const { reply, fault } = served;
  account.log.add(logEntry({ ...(fault ? { fault } : {}), ...reply }, about));
  return fault === 'oversized' ? sendOversized(res, reply) : send(res, reply);
}

type Served =
  | { readonly blunt: BluntFault }
  | { readonly blunt?: never; readonly reply: Reply; readonly fault?: DuoFaultSetting['fault'] };

function faultless(route: Route): Served {
  return { reply: route.endpoint === 'token' ? route.reply(null) : route.reply() };
}

function tampered({ faults }: Account, route: Route): Served {
  if (route.endpoint === 'prompt') return faultless(route);
  const setting = faults.take(route.endpoint);
  if (!setting) return faultless(route);
  const { fault } = setting;
  if (isWireFault(fault) && fault !== 'oversized') return { blunt: fault };
  const reply =
    route.endpoint === 'token' ? route.reply(setting as FaultFor<'token'>) : route.reply();
  return { reply, fault };
}

function caught(
  listener: (...given: Parameters<RequestListener>) => Promise<void>,
): RequestListener {
  return (req, res) => {
    listener(req, res).catch((error: unknown) => {
      // Cut off while it was read or answered: nobody is left to tell.
      if (!req.complete || res.headersSent) {
        res.destroy();
        return;
      }
      res.writeHead(500, { 'Content-Type': 'text/plain' }).end(`The simulator failed: ${error}`);
    });
  };
}

const tooLarge = () => refusal(413, 'Too large', 'The form is larger than any that Duo takes.');
const wrongHost = () => refusal(421, 'Wrong host', 'The simulator answers to localhost only.');
const notFound = () => refusal(404, 'Not found', 'The simulator has nothing at this address.');

function refusal(status: number, title: string, text: string): Reply {
  return page(status, problemPage(title, text, String(status)), { outcome: 'refused' });
}
