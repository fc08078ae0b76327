// Compiled against the packed declarations: what a host sees of our types, and what it must not.
import type { Request } from 'express';
import { type Door, memoryStore, type PolicyInput, sallyport } from 'sallyport';
import type { PostgresStore, postgresStore } from 'sallyport/postgres';
import type { RedisStore, redisStore } from 'sallyport/redis';

export const policy: PolicyInput = { mode: 'required', methods: ['totp'] };
export const door: Door = sallyport({
  origin: 'http://localhost:3000',
  issuer: 'Host',
  keys: [process.env.SALLYPORT_KEY],
  store: memoryStore(),
  subject: (req) => (req.ip ? { id: 'a', tenantId: 't', label: 'a' } : null),
  policy: () => policy,
  loginUrl: '/login',
});
export type Store = RedisStore & ReturnType<typeof redisStore>;
export type InPostgres = PostgresStore & ReturnType<typeof postgresStore>;

declare const req: Request;
// @ts-expect-error the request is the host's: not even a library of ours adds to it
req.csrfToken;
// @ts-expect-error
req.sallyport;
// @ts-expect-error a mode is one of three
export const wrong: PolicyInput = { mode: 'on' };
