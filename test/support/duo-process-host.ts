/** A host app in a process of its own: Redis, the real SDK, and a simulator that runs elsewhere. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import { createClient } from 'redis';
import { redisStore } from 'sallyport/redis';
import { duoSimulatorAgent } from 'sallyport/testing';
import { host } from './app.js';
import { methodsWith } from './methods.js';

export interface DuoProcessSettings {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly simulator: {
    readonly apiHost: string;
    readonly port: number;
    readonly ca: string;
    readonly promptOrigin: string;
  };
}

const settings: DuoProcessSettings = JSON.parse(process.argv[2] ?? '');
const { prefix, simulator } = settings;
const client = createClient({ url: settings.redisUrl });
await client.connect();
const { app } = await host({
  store: redisStore(client, { prefix, initialize: true, allowEviction: true }),
  sessions: new ConnectRedis({ client, prefix: `${prefix}sess:` }),
  policy: () => ({
    mode: 'required',
    methods: ['duo'],
    duo: { source: 'globex', credentialVersion: '' },
  }),
  options: {
    methods: methodsWith({
      duo: { httpsAgent: duoSimulatorAgent(simulator), promptOrigin: simulator.promptOrigin },
    }),
  },
});
process.on('disconnect', () => process.exit());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
