/** A host in a process of its own that can be told to kill itself between two calls of its stores. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import type { Store } from 'express-session';
import { createClient } from 'redis';
import type { Policy, PolicyFunction, SecondFactorStore, Subject } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { host, subjectOf } from './app.js';

export interface FaultSettings {
  readonly url: string;
  /** The time that stands still in it; null for the server's. */
  readonly now: number | null;
  readonly maxAge?: string;
}

export type ToFaultProcess =
  /** Dies before the call after so many more. */
  | { readonly kind: 'arm'; readonly calls: number }
  | { readonly kind: 'reset' | 'delete' | 'end-sessions'; readonly user: string }
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

const client = createClient({ url: settings.url });
await client.connect();
const { now } = settings;
const store = redisStore(client, {
  initialize: true,
  allowEviction: true,
  ...(now === null ? {} : { now: () => now }),
});

/** What a host's own data say, read anew for each request: here they are keys in the same Redis. */
const policy: PolicyFunction = async ({ id }: Subject) =>
  JSON.parse(
    (await client.get(`policy:${id}`)) ?? '{"mode":"required","methods":["totp","recovery-code"]}',
  ) as Policy;
const disabled = new Set<string>();
setInterval(async () => {
  const all = await client.sMembers('disabled').catch(() => []);
  for (const id of all) disabled.add(id);
}, 20).unref();

const { app, door } = await host({
  store: mortal<SecondFactorStore>(store, (name) => !READS.has(name)),
  sessions: mortal<Store>(new ConnectRedis({ client, prefix: 'sess:' }), (name) =>
    ['set', 'destroy'].includes(name),
  ),
  policy,
  options: {
    subject: (req) => {
      const subject = subjectOf(req);
      return subject && !disabled.has(subject.id) ? subject : undefined;
    },
    ...(settings.maxAge === undefined ? {} : { maxAge: settings.maxAge as never }),
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
  if (process.connected) process.send?.('done');
});
process.on('disconnect', () => process.exit());

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
