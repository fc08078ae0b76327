// A host app over the packed library: it starts, and its gate holds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { createClient } from 'redis';
import { memoryStore, sallyport } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import * as testing from 'sallyport/testing';

assert.equal(redisStore(createClient()).name, 'redis');
assert.ok(Object.keys(testing).length > 0);

const door = sallyport({
  origin: 'http://localhost:3000',
  issuer: 'Host',
  keys: [Buffer.alloc(32, 1).toString('base64')],
  store: memoryStore(),
  subject: (req) => req.get('x-user') && { id: 'a', tenantId: 't', label: 'a@t.example' },
  policy: () => ({ mode: 'required' }),
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
app.use((_req, res) => res.send('inside'));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const ask = (path, headers) =>
  fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers, redirect: 'manual' });

assert.equal((await ask('/reports', {})).status, 401);
assert.equal((await (await ask('/reports', { 'x-user': 'a' })).json()).next, 'enroll');
// The views and the stylesheet are in the package.
const page = await (
  await ask('/two-factor/activate/totp', { 'x-user': 'a', accept: 'text/html' })
).text();
assert.match(page, /data-sp="totp-key"/);
const [, stylesheet] = /rel="stylesheet" href="([^"]+)"/.exec(page);
assert.equal((await ask(stylesheet, {})).status, 200);
server.close();
server.closeAllConnections();
await door.close();
