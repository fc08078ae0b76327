import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import { createClient } from 'redis';
import type { MethodName, MethodPlan } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { host } from './app.js';
import { UNHURRIED } from './unhurried.js';

export interface OwnProcessSettings {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Where it runs, as its agent takes it. */
  readonly simulator: unknown;
}

/** A host app in this process, which was forked: Redis, and the simulator of a method that runs elsewhere. */
export async function runHost<Simulator>(
  method: MethodName,
  methods: (simulator: Simulator) => readonly MethodPlan[],
): Promise<void> {
  const settings: OwnProcessSettings & { readonly simulator: Simulator } = JSON.parse(
    process.argv[2] ?? '',
  );
  const { redisUrl: url, prefix, simulator } = settings;
  const client = createClient({ url });
  await client.connect();
  const { app } = await host({
    store: redisStore(client, { ...UNHURRIED, prefix, initialize: true, allowEviction: true }),
    sessions: new ConnectRedis({ client, prefix: `${prefix}sess:` }),
    policy: () => ({
      mode: 'required',
      methods: [method],
      [method]: { source: 'globex', credentialVersion: '' },
    }),
    options: { methods: methods(simulator) },
  });
  process.on('disconnect', () => process.exit());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}
