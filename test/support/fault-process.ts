/** A host in a process of its own that can be told to kill itself between two calls of its stores. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Store } from 'express-session';
import type { PolicyInput, SallyportOptions, SecondFactorStore } from 'sallyport';
import { host, subjectOf } from './app.js';
import { type HostDataOptions, hostData } from './host-data.js';

export interface FaultSettings extends Omit<HostDataOptions, 'now'> {
  /** Of a Redis or a Postgres, which keeps everything. */
  readonly url: string;
  /** The time that stands still in it; null for the server's. */
  readonly now: number | null;
  readonly maxAge?: NonNullable<SallyportOptions['maxAge']>;
  /** Whether the host's own data say of each user what is demanded, and who is disabled. */
  readonly ownPolicies?: boolean;
}

export type ToFaultProcess =
  /** Dies before the call after so many more. */
  | { readonly kind: 'arm'; readonly calls: number }
  | { readonly kind: 'reset' | 'delete' | 'end-sessions'; readonly user: string }
  /** Work of the host's own holds all its connections, until it is told to release them. */
  | { readonly kind: 'hold' | 'release' }
  /** Lets a slow request go on. */
  | { readonly kind: 'go' };

const settings: FaultSettings = JSON.parse(process.argv[2] ?? '');
const READS = new Set(['readSubject', 'readAssurance', 'readSetting', 'subscribe', 'now', 'ready']);
let left = Number.POSITIVE_INFINITY;

function step(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

function mortal<T extends object>(store: T, counted: (name: string) => boolean): T {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...all: unknown[]) => {
        if (counted(String(name))) step();
        return member.apply(target, all);
      };
    },
  });
}

const { now, ownPolicies, maxAge, url, ...options } = settings;
const data = await hostData(url, { ...options, ...(now === null ? {} : { now: () => now }) });

const usual: PolicyInput = { mode: 'required', methods: ['totp', 'recovery-code'] };
const disabled = new Set<string>();
if (ownPolicies) {
  setInterval(async () => {
    for (const id of await data.disabled().catch(() => [])) disabled.add(id);
  }, 20).unref();
}
let release = () => {};

const { app, door } = await host({
  store: mortal<SecondFactorStore>(data.store, (name) => !READS.has(name)),
  sessions: mortal<Store>(data.sessions, (name) => ['set', 'destroy'].includes(name)),
  policy: async ({ id }) => (ownPolicies && (await data.policyOf(id))) || usual,
  options: {
    subject: (req) => {
      const subject = subjectOf(req);
      return subject && !disabled.has(subject.id) ? subject : undefined;
    },
    ...(maxAge === undefined ? {} : { maxAge }),
  },
  routes(routed) {
    // Reads its session, waits until it is told, and saves it.
    routed.get('/slow', (req, res) => {
      process.send?.('waiting');
      process.once('message', () => {
        (req.session as unknown as { seen: number }).seen = 1;
        res.send('inside slow');
      });
    });
  },
});

process.on('message', async (message: ToFaultProcess) => {
  if (message.kind === 'arm') left = message.calls;
  if ('user' in message) {
    const subject = { id: message.user, tenantId: 'acme' };
    if (message.kind === 'reset') await door.subjects.reset(subject);
    if (message.kind === 'delete') await door.subjects.delete(subject);
    if (message.kind === 'end-sessions') await door.subjects.endSessions(subject);
  }
  if (message.kind === 'hold') release = await data.busy();
  if (message.kind === 'release') release();
  if (process.connected) process.send?.('done');
});
process.on('disconnect', () => process.exit());

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
