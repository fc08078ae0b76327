'use strict';
// A host app in CommonJS.
const express = require('express');
const session = require('express-session');
const { memoryStore, sallyport } = require('sallyport');
const { redisStore } = require('sallyport/redis');
const { postgresStore } = require('sallyport/postgres');
const testing = require('sallyport/testing');

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
const app = express();
const store = door.sessions(new session.MemoryStore());
app.use(session({ secret: 'x', resave: false, saveUninitialized: false, store }));
app.use(door.pages(), door.gate());
app.use((_req, res) => res.send('inside'));

async function main() {
  await door.ready();
  // Both ways to the library lead to one copy of it.
  const module = await import('sallyport');
  if (module.sallyport !== sallyport) throw new Error('there are two copies of the library');
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
