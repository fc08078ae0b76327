/** A host app in a process of its own: Redis, and a YubiKey simulator that runs elsewhere. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import { createClient } from 'redis';
import { yubikeyOtp } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { yubikeySimulatorAgent } from 'sallyport/testing';
import { host } from './app.js';

export interface YubikeyProcessSettings {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly simulator: Parameters<typeof yubikeySimulatorAgent>[0];
}

const settings: YubikeyProcessSettings = JSON.parse(process.argv[2] ?? '');
const { prefix, simulator } = settings;
const client = createClient({ url: settings.redisUrl });
await client.connect();
const { app } = await host({
  store: redisStore(client, { prefix, initialize: true, allowEviction: true }),
  sessions: new ConnectRedis({ client, prefix: `${prefix}sess:` }),
  policy: () => ({
    mode: 'required',
    methods: ['yubikey-otp'],
    'yubikey-otp': { source: 'globex', credentialVersion: '' },
  }),
  options: { methods: [yubikeyOtp({ httpsAgent: yubikeySimulatorAgent(simulator) })] },
});
process.on('disconnect', () => process.exit());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
