// A host app as ES modules.
import express from 'express';
import session, { MemoryStore } from 'express-session';
import { memoryStore, sallyport } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import * as testing from 'sallyport/testing';

for (const part of [redisStore, postgresStore, testing.bypassChecks]) {
  if (typeof part !== 'function') throw new Error('an entry of the package gives nothing');
}

const door = sallyport({
  origin: 'http://localhost:3000',
  issuer: 'Host',
  keys: [Buffer.alloc(32, 1).toString('base64')],
  store: memoryStore(),
  subject: (req) => req.get('x-user') && { id: 'a', label: 'a@t.example' },
  policy: () => ({ mode: 'required' }),
  loginUrl: '/login',
});
await door.ready();
const app = express();
const store = door.sessions(new MemoryStore());
app.use(session({ secret: 'x', resave: false, saveUninitialized: false, store }));
app.use(door.pages(), door.gate());
app.use((_req, res) => res.send('inside'));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
