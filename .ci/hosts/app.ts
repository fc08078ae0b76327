// The host app of the TypeScript hosts, compiled by each in its own way. It says where it listens and serves until it is
// ended. With REDIS_URL the second factors are in Redis.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { createClient } from 'redis';
import { memoryStore, type PolicyInput, sallyport } from 'sallyport';
import { redisStore } from 'sallyport/redis';

interface Person {
  readonly id: string;
  readonly label: string;
  readonly isAdministrator: boolean;
}

async function main(): Promise<void> {
  const url = process.env.REDIS_URL;
  const required: PolicyInput = { mode: 'required', methods: ['totp'] };
  const door = sallyport<Person>({
    origin: 'http://localhost:3000',
    issuer: 'Host',
    keys: [Buffer.alloc(32, 1).toString('base64')],
    store: url ? redisStore(createClient({ url })) : memoryStore(),
    subject: (req) =>
      req.get('x-user') ? { id: 'a', label: 'a@t.example', isAdministrator: true } : null,
    policy: ({ isAdministrator }) => (isAdministrator ? required : { mode: 'optional' }),
    loginUrl: '/login',
  });
  await door.ready();

  const app = express();
  app.use(
    session({
      secret: 'x',
      resave: false,
      saveUninitialized: false,
      store: door.sessions(new MemoryStore()),
    }),
  );
  app.use(passport.initialize(), passport.session(), door.pages(), door.gate());
  app.use((_req, res) => void res.send('inside'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
