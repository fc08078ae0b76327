import http from 'node:http';
import https from 'node:https';
import { checkOptions, optionsObject, textOption } from '../../check-options.js';
import { makeCertificates } from '../simulator/certificates.js';
import { type Listening, listenOnLoopback } from '../simulator/listen.js';
import { openAccount } from './account.js';
import { duoSimulatorAgent } from './agent.js';
import type { DuoFaultSetting } from './faults.js';
import { ELSEWHERE_HOST } from './hosts.js';
import type { DuoLogEntry } from './log.js';
import { apiListener, promptListener } from './server.js';
import { type DuoSimulatorOptions, parseSimulatorOptions } from './simulator-options.js';
import type { DuoUser, DuoUserState } from './users.js';
import { type DuoAnswer, type DuoWalk, walkPrompt } from './walk-prompt.js';

export interface DuoSimulator {
  /** An API hostname that passes the check for Duo's own; only `agent` finds its way to it. */
  readonly apiHost: string;
  readonly port: number;
  /** The simulator's certificate authority, PEM, made when it started. */
  readonly ca: string;
  /** For the SDK's client: reaches `apiHost` at 127.0.0.1 and trusts `ca`, and nothing else. */
  readonly agent: https.Agent;
  /** `http://localhost:PORT`: the prompt and the start page, with no certificate to warn about. */
  readonly promptOrigin: string;
  /** What was asked and what came of it, oldest first, at most 1000. Never a secret, code, state or number. */
  readonly log: readonly DuoLogEntry[];
  /** Everybody known by now, with the phones they registered. */
  readonly users: readonly DuoUser[];
  setUser(username: string, state: DuoUserState): void;
  set(setting: DuoFaultSetting): void;
  /**
   * Goes through the prompt as a person would, with a phone to register if asked: the callback URL to hand to
   * the application, or the page on which the person stays. The default answer is to approve.
   */
  answer(authUrl: string, answer?: DuoAnswer, options?: { phone?: string }): Promise<DuoWalk>;
  /** Back to the start: users as given, no faults, prompts, codes, seen assertions or log entries. */
  reset(): void;
  /** Ends both servers and every open connection. */
  close(): Promise<void>;
}

const walkSchema = optionsObject({ phone: textOption(40).default('+1 202 555 0101') });

/**
 * A Duo that runs in this process and on loopback only, for tests and for development without an account:
 * the API over TLS with a certificate authority of its own, and the prompt. Rejects with ERR_OPTION for an option that
 * makes no sense, and with the system's error for a taken port.
 * @example
 * const duo = await duoSimulator({ apps: [duoKeys()], users: { 'user1@globex.example': 'active' }, now: Date.now });
 * const { callback } = await duo.answer(authUrl);           // approve
 * duo.set({ endpoint: 'token', fault: 'deny', once: true });
 * await duo.close();
 */
export async function duoSimulator(given: DuoSimulatorOptions): Promise<DuoSimulator> {
  const options = parseSimulatorOptions(given);
  const account = openAccount(options);
  const { apiHost } = account;
  const { ca, cert, key } = await makeCertificates([apiHost, ELSEWHERE_HOST]);

  const open: Listening[] = [];
  const close = async () => {
    await Promise.all(open.map((server) => server.close()));
  };
  const start = async (server: http.Server | https.Server, port = 0) => {
    const listening = await listenOnLoopback(server, port);
    open.push(listening);
    return listening.port;
  };

  try {
    const port = await start(https.createServer({ key, cert }, apiListener(account)), options.port);
    const promptPort = await start(http.createServer(promptListener(account)), options.promptPort);
    const promptOrigin = `http://localhost:${promptPort}`;
    return {
      apiHost,
      port,
      ca,
      agent: duoSimulatorAgent({ apiHost, port, ca }),
      promptOrigin,
      log: account.log.entries,
      get users() {
        return account.users.list();
      },
      setUser: (username, state) => account.users.set(username, state),
      set: (setting) => account.faults.set(setting),
      answer: async (authUrl, answer = 'approve', given = {}) => {
        const { phone } = checkOptions(given, walkSchema, { name: 'answer' });
        return walkPrompt(promptOrigin, authUrl, { answer, phone });
      },
      reset: () => account.reset(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
