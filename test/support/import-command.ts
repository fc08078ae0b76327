import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisStore } from '../../src/store/redis/store.js';
import { newKey, sallyport } from './cli.js';
import { sharedRedis, uniquePrefix } from './redis.js';
import { closeStores, openStore } from './redis-store.js';

export const KEY = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
export const HEX = '48656c6c6f21deadbeef48656c6c6f21deadbeef';

/** For the whole of a suite: a file for `npx sallyport import`, and a store of its own for each test. */
export function importCommand(opened: (store: RedisStore) => void = () => {}) {
  const key = newKey();
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-import-')), 'export');
  const env: Record<string, string> = {};
  let url: string;
  let prefix: string;

  before(async () => {
    url = await sharedRedis();
  });
  beforeEach(async () => {
    prefix = uniquePrefix();
    const store = openStore(url, { prefix, initialize: true });
    await store.ready();
    opened(store);
  });
  afterEach(closeStores);

  const place = () => ['--redis', url, '--prefix', prefix];
  return {
    ...{ key, file, place },
    save: (text: string) => writeFileSync(file, text),
    run: (...args: string[]) =>
      sallyport(['import', file, ...args, ...place()], { env: { SALLYPORT_KEYS: key, ...env } }),
    /** What is in the environment beside our own keys. */
    env,
    fresh: () => openStore(url, { prefix, initialize: false }),
  };
}
