import type { SecondFactorStore } from '../../src/contracts.js';
import { SallyportError, UnavailableError } from '../../src/errors.js';
import {
  type RedisStore,
  type RedisStoreOptions,
  redisStore,
} from '../../src/store/redis/store.js';
import { redisClient } from './redis-client.js';

const opened: { close(): unknown }[] = [];

/** A store that `closeStores` ends; call that in `afterEach`. */
export function openStore(url: string, options: RedisStoreOptions = {}): RedisStore {
  return closeLater(redisStore(redisClient({ url }), options));
}

export function closeLater<T extends { close(): unknown }>(one: T): T {
  opened.push(one);
  return one;
}

/** A plain client, to look at and to change what is in Redis behind the store's back. */
export async function openClient(url: string) {
  const client = redisClient({ url, disableOfflineQueue: true });
  // Servers come and go in these tests.
  client.on('error', () => {});
  await client.connect();
  opened.push({ close: () => client.destroy() });
  return client;
}

export async function closeStores(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

/** Enrolls one authenticator. */
export async function enroll(
  store: SecondFactorStore,
  subjectId: string,
  { id = 'abcdefghijkl', step = 1000 } = {},
): Promise<void> {
  const session = 'x'.repeat(43);
  await store.beginEnrollment(
    subjectId,
    {
      id,
      session,
      method: 'totp',
      label: 'Authenticator app',
      sealed: Buffer.alloc(53, 0xe7),
      parameters: 'sha1/6/30',
      basis: 'first',
      lifetimeMs: 600_000,
    },
    { restart: true },
  );
  const outcome = await store.confirmEnrollment(subjectId, {
    id,
    session,
    step,
    replaces: null,
    epoch: 0,
  });
  if (outcome.kind !== 'confirmed') throw new Error(`not enrolled: ${outcome.kind}`);
}

/** For assert.rejects: an error of ours with this code. */
export function coded(code: string) {
  return (error: unknown) => error instanceof SallyportError && error.code === code;
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof UnavailableError && error.code === 'ERR_STORE_UNAVAILABLE';
}

/** Milliseconds until `work` settles, and how. */
export async function timed(work: () => unknown) {
  const start = performance.now();
  const outcome = await Promise.resolve()
    .then(work)
    .then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    );
  return { ...outcome, ms: performance.now() - start };
}
