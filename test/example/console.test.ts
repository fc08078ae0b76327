import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import request from 'supertest';
import { Browser, codeAt } from '../support/browser.js';
import { type RunningExample, startExample } from '../support/example.js';
import { startPostgres } from '../support/postgres.js';
import { eventually, freePort } from '../support/redis.js';

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
  this.timeout(120_000);

  function environment(env: Record<string, string>): NodeJS.ProcessEnv {
    const { REDIS_URL: _, DATABASE_URL: __, ...rest } = process.env;
    const { SALLYPORT_KEY: ___, SESSION_SECRET: ____, ...others } = rest;
    return { ...others, ...env };
  }

  async function start(env: Record<string, string>): Promise<{ code: number; errors: string[] }> {
    const server = spawn(process.execPath, ['--import=tsx', SERVER], {
      env: environment({ PORT: '0', ...env }),
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

  it('without its Postgres, and with two stores at once, is refused in one line', async () => {
    const absent = await start({ ...SECRETS, DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    assert.equal(absent.code, 1);
    assert.match(absent.errors.join(), /^no Postgres at DATABASE_URL: [^,]*ECONNREFUSED[^,]*$/);
    const both = { REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'postgres://127.0.0.1:1/none' };
    const { code, errors } = await start({ ...SECRETS, ...both });
    assert.equal(code, 1);
    assert.deepEqual(errors, ['set REDIS_URL or DATABASE_URL, not both']);
  });

  it('on a Postgres that is new keeps sessions and enrollments there, also when it is started again', async () => {
    const server = await startPostgres();
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const env = environment({
      ...SECRETS,
      ...{ DATABASE_URL: server.url, NODE_ENV: 'development' },
      ...{ PORT: String(port), ORIGIN: origin },
    });
    const started = async () => {
      const child = spawn(process.execPath, ['--import=tsx', SERVER], { env, stdio: 'ignore' });
      await eventually(async () => (await fetch(`${origin}/healthz`)).ok, 45_000);
      return async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const [code] = await ended;
        assert.equal(code, 0);
      };
    };
    const stop = await started();
    const browser = new Browser(origin);
    const key = await browser.activate('user1@acme.example', Date.now());
    assert.equal((await browser.get('/api/me')).status, 200);
    await stop();
    const stopAgain = await started();
    try {
      assert.equal((await browser.get('/api/me')).status, 200, 'is still signed in');
      const anew = new Browser(origin);
      await anew.login('user1@acme.example');
      assert.equal((await anew.json('get', '/api/me')).status, 401);
      const answer = await anew.answerChallenge(codeAt(key, Date.now() + 30_000));
      assert.equal(answer.status, 303, answer.text);
    } finally {
      await stopAgain();
      await server.stop();
    }
  });
});
