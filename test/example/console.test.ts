import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import request from 'supertest';
import { type RunningExample, startExample } from '../support/example.js';

const SERVER = fileURLToPath(new URL('../../example/server.ts', import.meta.url));

describe('the example console', () => {
  let example: RunningExample;

  before(async () => {
    example = await startExample();
  });
  after(() => example.close());

  const login = (fields: Record<string, unknown>) =>
    request(example.origin).post('/login').type('form').send(fields);

  it('lists the demo accounts on its login page', async () => {
    const { text } = await request(example.origin).get('/login').expect(200);
    for (const account of ['admin@northwind', 'user1@acme', 'user2@globex', 'user@initech']) {
      assert.ok(text.includes(`${account}.example`), account);
    }
  });

  it('answers its health check without a session', async () => {
    const { headers } = await request(example.origin).get('/healthz').expect(200, { status: 'ok' });
    assert.equal(headers['set-cookie'], undefined);
  });

  it('sets a session cookie that scripts cannot read and other sites cannot send', async () => {
    const { headers } = await login({ username: 'user@initech.example', password: 'sallyport' });
    assert.match(
      headers['set-cookie']?.[0] ?? '',
      /^console=.*; Path=\/; .*HttpOnly; SameSite=Lax$/,
    );
  });

  it('says who one is where two-factor is off', async () => {
    const agent = request.agent(example.origin);
    await agent
      .post('/login')
      .type('form')
      .send({ username: 'user@initech.example', password: 'sallyport' })
      .expect(303);
    const { body } = await agent.get('/api/me').expect(200);
    assert.deepEqual(body, {
      subject: { id: 'initech-user', tenantId: 'initech', label: 'user@initech.example' },
      assurance: [],
      expiresAt: null,
    });
  });

  for (const [what, fields] of Object.entries<Record<string, unknown>>({
    'a wrong password': { username: 'user1@acme.example', password: 'sallypor' },
    'an unknown account': { username: 'nobody@acme.example', password: 'sallyport' },
    'a list of accounts': { username: ['user1@acme.example', 'x'], password: 'sallyport' },
    nothing: {},
  })) {
    it(`refuses ${what} with the same words`, () =>
      login(fields).expect(302).expect('Location', '/login?failed'));
  }

  it('refuses login and logout forms of another site', async () => {
    const attack = { username: 'user@initech.example', password: 'sallyport' };
    await login(attack).set('Sec-Fetch-Site', 'cross-site').expect(403);
    await login(attack).set('Origin', 'https://evil.example').expect(403);
    await login(attack).set('Origin', 'null').expect(403);
    await request(example.origin).post('/logout').set('Sec-Fetch-Site', 'same-site').expect(403);
    await login(attack).set('Origin', example.origin).expect(303);
  });

  it('fills in only accounts that it knows', async () => {
    const { text } = await request(example.origin).get('/login?as="><script>').expect(200);
    assert.ok(!text.includes('<script'));
  });
});

describe('starting the example console', function () {
  this.timeout(20_000);

  async function start(env: Record<string, string>): Promise<{ code: number; errors: string[] }> {
    const { REDIS_URL: _, SALLYPORT_KEY: __, SESSION_SECRET: ___, ...rest } = process.env;
    const server = spawn(process.execPath, ['--import=tsx', SERVER], {
      env: { ...rest, PORT: '0', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    server.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const [code] = await once(server, 'close');
    return { code, errors: text.trim().split('\n') };
  }

  const SECRETS = {
    SALLYPORT_KEY: Buffer.alloc(32, 7).toString('base64'),
    SESSION_SECRET: 'x'.repeat(40),
  };

  it('without its key, in production, is refused in one line', async () => {
    const { code, errors } = await start({ NODE_ENV: 'production' });
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /^SALLYPORT_KEY is not set/);
  });

  it('without Redis, in production, is refused in one line: nothing would outlive it', async () => {
    const { code, errors } = await start({ ...SECRETS, NODE_ENV: 'production' });
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /^memoryStore\(\) forgets/);
  });

  it('without its Redis is refused in one line', async () => {
    const { code, errors } = await start({ ...SECRETS, REDIS_URL: 'redis://127.0.0.1:1' });
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /^no Redis at REDIS_URL: .*ECONNREFUSED/);
  });
});
