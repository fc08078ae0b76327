import assert from 'node:assert/strict';
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { sallyport } from 'sallyport';
import { duoClients } from '../../../src/methods/duo/client.js';
import { DuoError, duoFailure } from '../../../src/methods/duo/failure.js';
import { hostOptions } from '../../support/app.js';
import { methodsWith } from '../../support/methods.js';

const make = (duo: unknown) =>
  sallyport({ ...hostOptions(), methods: methodsWith({ duo: duo as never }) });
const option = (message: RegExp) => ({ code: 'ERR_OPTION', message });

describe('the options for Duo', () => {
  const environment = process.env.NODE_ENV;
  afterEach(() => {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
  });

  it('take a prompt on localhost, by plain http, with its port', () => {
    assert.ok(make({ promptOrigin: 'http://localhost:8080' }));
    for (const promptOrigin of [
      'https://localhost:8080',
      'http://localhost',
      'http://localhost:8080/',
      'http://localhost:8080@evil.example',
      'http://127.0.0.1:8080',
      'http://evil.example:8080',
      'http://localhost.evil.example:8080',
      '',
      8080,
      null,
    ]) {
      assert.throws(() => make({ promptOrigin }), option(/duo\.promptOrigin must be/));
    }
  });

  it('take no other prompt than Duo’s in production', () => {
    process.env.NODE_ENV = 'production';
    assert.throws(() => make({ promptOrigin: 'http://localhost:8080' }), option(/promptOrigin/));
    assert.ok(make({}));
  });

  it('name what is wrong', () => {
    assert.ok(make({ timeout: '3s', httpsAgent: new Agent(), username: () => 'a' }));
    assert.throws(() => make({ timeout: 5 }), option(/duo\.timeout must be/));
    assert.throws(() => make({ httpsAgent: new HttpAgent() }), option(/duo\.httpsAgent must be/));
    assert.throws(() => make({ username: 'label' }), option(/duo\.username must be/));
    assert.throws(() => make({ skey: 'x' }), option(/duo/));
  });

  it('send the browser back to the origin that was configured, over https or on localhost', () => {
    const clients = duoClients({
      redirectUrl: 'http://localhost:3000/two-factor/duo/callback',
      timeoutMs: 1000,
      httpsAgent: undefined,
    });
    assert.equal(typeof clients, 'function');
    assert.throws(() =>
      duoClients({ redirectUrl: 'nonsense', timeoutMs: 1000, httpsAgent: undefined }),
    );
  });
});

describe('a failure of the SDK', () => {
  const read = (inner: unknown) =>
    duoFailure(Object.assign(new Error('x'), { inner }), 'api-0.duosecurity.com');
  const secret = 'the client assertion';

  const cases: [string, unknown, string][] = [
    ['a refused connection', { code: 'ECONNREFUSED' }, 'network'],
    ['an unknown host', { code: 'ENOTFOUND' }, 'network'],
    ['a deadline', { code: 'ERR_CANCELED' }, 'timeout'],
    ['a 500', { code: 'ERR_BAD_RESPONSE', response: { status: 500 } }, 'server'],
    ['a 503', { response: { status: 503 } }, 'server'],
    ['a 400', { response: { status: 400, data: { code: 40002 } } }, 'rejected'],
    ['a 401', { response: { status: 401 } }, 'rejected'],
    ['a 429', { response: { status: 429 } }, 'rejected'],
    ['a 307', { response: { status: 307 } }, 'invalid'],
    ['an expired certificate', { code: 'CERT_HAS_EXPIRED' }, 'tls'],
    ['an unknown authority', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'tls'],
    ['an authority of its own', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'tls'],
    ['another name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'tls'],
    ['a token that does not verify', { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }, 'invalid'],
    ['something unheard of', { code: 'E_WHATEVER' }, 'invalid'],
    ['nothing inside', undefined, 'invalid'],
  ];
  for (const [what, inner, kind] of cases) {
    it(`that is ${what} is ${kind}`, () => {
      const failure = read(inner);
      assert.equal(failure.kind, kind);
      assert.equal(failure.outage, ['network', 'timeout', 'server'].includes(kind));
      assert.equal(failure.code, 'ERR_DUO');
    });
  }

  it('leaves nothing of the request behind', () => {
    const failure = read({
      code: 'ERR_BAD_REQUEST',
      config: { data: secret },
      request: secret,
      response: {
        status: 400,
        config: { data: secret },
        data: { code: secret, error: secret, message: secret, message_detail: secret },
      },
    });
    assert.ok(failure instanceof DuoError);
    assert.equal(failure.cause, undefined);
    assert.equal(failure.duoCode, null);
    assert.ok(!JSON.stringify({ ...failure, text: String(failure.stack) }).includes(secret));
  });
});
