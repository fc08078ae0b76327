import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { RedisStore } from '../../src/store/redis/store.js';
import type { OwnProcessSettings } from './own-process.js';
import { sharedRedis, uniquePrefix } from './redis.js';
import { closeLater, openStore } from './redis-store.js';

/**
 * Two of a program of this folder (`runHost`), over one Redis, which `save` writes to before they start. Resolves with
 * their addresses; `closeStores` ends them.
 */
export async function startTwo(
  program: 'duo-process-host' | 'yubikey-process-host',
  simulator: unknown,
  save: (store: RedisStore) => Promise<unknown>,
): Promise<string[]> {
  const redisUrl = await sharedRedis();
  const prefix = uniquePrefix();
  const store = openStore(redisUrl, { prefix, initialize: true, allowEviction: true });
  await store.ready();
  await save(store);
  const settings = { redisUrl, prefix, simulator };
  return Promise.all([start(program, settings), start(program, settings)]);
}

async function start(program: string, settings: OwnProcessSettings): Promise<string> {
  const loaders = process.execArgv.some((one) => one.includes('tsx'));
  const execArgv = loaders ? process.execArgv : [...process.execArgv, '--import=tsx'];
  const path = new URL(`./${program}.ts`, import.meta.url);
  const child = fork(path, [JSON.stringify(settings)], { execArgv });
  const exit = once(child, 'exit');
  closeLater({
    async close() {
      if (child.connected) child.disconnect();
      await exit;
    },
  });
  const [port] = await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => Promise.reject(new Error(`ended with ${code}`))),
  ]);
  return `http://127.0.0.1:${port}`;
}
