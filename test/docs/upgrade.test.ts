import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import express, { type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { memoryStore, sallyport } from 'sallyport';
import { hostOptions } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { serverWithUpgrades } from './samples/upgrade.js';

const cookiesOf = ({ cookies }: Browser) =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

describe('the sample for WebSockets', () => {
  it('takes an upgrade from whoever is inside alone, and ends it with the session', async () => {
    const door = sallyport({
      ...hostOptions(),
      store: memoryStore(),
      subject: ({ session: { signedInAt: id } }) =>
        id ? { id, tenantId: 'acme', label: id } : null,
    });
    const secret = 'test';
    const store = door.sessions(new MemoryStore());
    const layers: RequestHandler[] = [
      session({ secret, resave: false, saveUninitialized: false, store }),
    ];
    const app = express().use(...layers, door.pages());
    app.post('/login', (req, res) => {
      req.session.signedInAt = 'u@acme';
      res.redirect('/');
    });
    app.use(door.gate());
    const accept = (_req: unknown, socket: Duplex) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    const server = serverWithUpgrades({ app, door, layers, accept });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const upgrade = (cookie = '') =>
      new Promise<{ status: number | undefined; socket: Duplex | null }>((resolve, reject) => {
        const headers = { cookie, connection: 'Upgrade', upgrade: 'x' };
        request({ host: '127.0.0.1', port, headers })
          .on('response', ({ statusCode: status }) => resolve({ status, socket: null }))
          .on('upgrade', ({ statusCode: status }, socket) => resolve({ status, socket }))
          .on('error', reject)
          .end();
      });

    assert.equal((await upgrade()).status, 401);
    const browser = new Browser(app);
    await browser.post('/login');
    assert.equal((await upgrade(cookiesOf(browser))).status, 401, 'a password alone');
    await browser.activateHere(Date.now());
    const { status, socket } = await upgrade(cookiesOf(browser));
    assert.equal(status, 101);
    const closed = once(socket as Duplex, 'close');
    await door.subjects.endSessions({ id: 'u@acme', tenantId: 'acme' });
    await closed;
    server.close();
    await door.close();
  });
});
