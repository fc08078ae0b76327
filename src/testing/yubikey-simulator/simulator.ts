import { randomBytes, randomInt } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { z } from 'zod';
import {
  checkOptions,
  functionOption,
  integerOption,
  option,
  optionsObject,
  textOption,
} from '../../check-options.js';
import { loopbackAgent } from '../simulator/agent.js';
import { makeCertificates } from '../simulator/certificates.js';
import { type Listening, listenOnLoopback } from '../simulator/listen.js';
import { faultBoard, type YubikeyFaultSetting } from './faults.js';
import { type SoftwareYubikey, softwareYubikey } from './key.js';
import { ELSEWHERE_HOST, validationListener, type YubikeyLogEntry } from './server.js';
import { touchListener } from './touch-page.js';
import { validation, type YubikeyClient } from './validation.js';

/** The name of YubiCloud. */
const YUBICLOUD_HOST = 'api.yubico.com';

export interface YubikeySimulatorOptions {
  /** Who may ask; `yubikeyClient()` makes one. */
  readonly clients: readonly YubikeyClient[];
  /** Names of the keys that the page with the buttons shows, made at once. */
  readonly keys?: readonly string[];
  /** Host names of further validation servers, which know all that YubiCloud does. */
  readonly hosts?: readonly string[];
  /** The servers' clock, in ms. */
  readonly now: () => number;
  /** Port of the page with the buttons on 127.0.0.1; 0 (default) takes a free one. */
  readonly touchPort?: number;
}

export interface YubikeySimulator {
  /** Host names of its validation servers. */
  readonly hosts: readonly string[];
  /** Where these are: a TLS port on 127.0.0.1. */
  readonly port: number;
  /** The simulator's own authority, PEM; a new one at each start. */
  readonly ca: string;
  /** For `yubikeyOtp()`: reaches YubiCloud and `hosts` at 127.0.0.1 and trusts the simulator, and nothing else. */
  readonly agent: https.Agent;
  /** `http://localhost:PORT`: a page with a button for each key. */
  readonly touchOrigin: string;
  /** A key that this simulator knows, made when it is first asked for; its serial number, or a name. */
  key(name?: string | number): SoftwareYubikey;
  /** What was asked and what came of it, oldest first. Never a code, nonce or secret. */
  readonly log: readonly YubikeyLogEntry[];
  set(fault: YubikeyFaultSetting): void;
  /** Back to the start, with the keys that there are: no faults, no log, and what was used is forgotten. */
  reset(): void;
  /** Ends both servers and every open connection. */
  close(): Promise<void>;
}

/**
 * Reaches a simulator that runs in another process.
 * @example
 * yubikeyOtp({ httpsAgent: yubikeySimulatorAgent({ hosts, port, ca }) })
 */
export function yubikeySimulatorAgent({
  hosts,
  port,
  ca,
}: Pick<YubikeySimulator, 'hosts' | 'port' | 'ca'>): https.Agent {
  return loopbackAgent({ hosts, port, ca, simulator: 'the YubiKey simulator' });
}

const schema = optionsObject({
  clients: z.array(
    optionsObject({
      clientId: option<string>('a number in digits', (value) => /^[1-9]\d{0,9}$/.test(`${value}`)),
      clientSecret: option<string>('20 bytes in base64', (value) =>
        /^[A-Za-z0-9+/]{27}=$/.test(`${value}`),
      ),
    }),
    { error: 'a list of { clientId, clientSecret }' },
  ),
  keys: z.array(textOption(100), { error: 'a list of names' }).default([]),
  hosts: z.array(textOption(253), { error: 'a list of host names' }).default([]),
  now: functionOption<() => number>('a function that gives milliseconds since 1970'),
  touchPort: integerOption(0, 65_535).default(0),
});

/**
 * Credentials for one simulator.
 * @example
 * const cloud = await yubikeySimulator({ clients: [yubikeyClient()], now: Date.now });
 */
export function yubikeyClient(): YubikeyClient {
  return {
    clientId: String(randomInt(10_000, 100_000)),
    clientSecret: randomBytes(20).toString('base64'),
  };
}

/**
 * YubiCloud and its like in this process and on loopback only, over TLS, with keys that type real codes: for
 * tests, and for development without a key. Rejects with ERR_OPTION, and with ERR_DEPENDENCY where `selfsigned` is
 * not installed.
 * @example
 * const client = yubikeyClient();
 * const yubico = await yubikeySimulator({ clients: [client], now: Date.now });
 * sallyport({ methods: [yubikeyOtp({ httpsAgent: yubico.agent }), recoveryCodes()], … });
 * const code = yubico.key().touch();
 * yubico.set({ fault: 'BACKEND_ERROR', once: true });
 */
export async function yubikeySimulator(
  options: YubikeySimulatorOptions,
): Promise<YubikeySimulator> {
  const parsed = checkOptions(options, schema, {
    name: 'yubikeySimulator',
    secrets: ['clientSecret'],
  });
  const { clients, now, touchPort } = parsed;
  const hosts = [YUBICLOUD_HOST, ...parsed.hosts, ELSEWHERE_HOST];
  const { ca, cert, key: privateKey } = await makeCertificates(hosts);
  const faults = faultBoard();
  const server = validation(clients);
  const log: YubikeyLogEntry[] = [];
  const keys = new Map<string, SoftwareYubikey>();

  function key(name: string | number = 'a key'): SoftwareYubikey {
    const known = keys.get(String(name));
    if (known) return known;
    const made = softwareYubikey(
      typeof name === 'number' ? name : randomInt(5_000_000, 30_000_000),
    );
    server.know(made.secrets);
    keys.set(String(name), made);
    return made;
  }
  for (const name of parsed.keys) key(name);

  const open: Listening[] = [];
  const close = async () => {
    await Promise.all(open.map((one) => one.close()));
  };
  try {
    const listener = validationListener({ faults, validation: server, now, log });
    const tls = https.createServer({ key: privateKey, cert }, listener);
    open.push(await listenOnLoopback(tls, 0));
    const page = http.createServer(touchListener({ keys, clients }));
    open.push(await listenOnLoopback(page, touchPort));
  } catch (error) {
    await close();
    throw error;
  }
  const [{ port }, { port: pagePort }] = open as [Listening, Listening];
  return {
    ...{ hosts, port, ca, agent: yubikeySimulatorAgent({ hosts, port, ca }) },
    touchOrigin: `http://localhost:${pagePort}`,
    key,
    log,
    set: (setting) => faults.set(setting),
    reset() {
      faults.reset();
      server.reset();
      log.length = 0;
    },
    close,
  };
}
