import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keyring } from '../../../src/crypto/keyring.js';
import { duoClients } from '../../../src/methods/duo/client.js';
import { openCredentials, sealCredentials } from '../../../src/methods/duo/credentials.js';
import { DuoError } from '../../../src/methods/duo/failure.js';
import { isApiHost, readApiHost } from '../../../src/methods/duo/host.js';
import { KEY } from '../../support/app.js';
import { NOT_DUO } from '../../support/not-duo.js';

const HOST = 'api-5150cafe.duosecurity.com';

describe('the API hostname', () => {
  it('is one of Duo, also in capitals and with spaces around it', () => {
    assert.equal(readApiHost(HOST), HOST);
    assert.equal(readApiHost('  API-5150CAFE.DuoSecurity.com '), HOST);
    assert.equal(readApiHost('api-abc123.duofederal.com'), 'api-abc123.duofederal.com');
  });

  it('is nothing else', () => {
    for (const text of NOT_DUO) assert.equal(readApiHost(text), null, JSON.stringify(text));
    for (const value of [null, undefined, 1, {}, [HOST], [[HOST]], new String(HOST)]) {
      assert.equal(readApiHost(value), null);
    }
  });

  it('never leads a URL anywhere but to Duo, whatever was typed', () => {
    const pieces = fc.constantFrom(
      HOST,
      ...NOT_DUO,
      '@',
      '/',
      '#',
      '?',
      ':',
      '.',
      '\\',
      '%2e',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
        const host = readApiHost(parts.join(''));
        if (host === null) return;
        const url = new URL(`https://${host}/oauth/v1/token`);
        assert.match(url.host, /^api-[a-z0-9]+\.(duosecurity|duofederal)\.com$/);
        assert.equal(url.username, '');
        assert.equal(url.pathname, '/oauth/v1/token');
      }),
    );
  });

  it('is checked again on use, in what was stored', () => {
    const keys = keyring([KEY]);
    const clients = duoClients({
      redirectUrl: 'http://localhost:3000/two-factor/duo/callback',
      timeoutMs: 1000,
      httpsAgent: undefined,
    });
    const good = {
      clientId: 'DI'.padEnd(20, 'A'),
      clientSecret: 's'.repeat(40),
      apiHost: HOST,
      version: '1',
    };
    assert.ok(clients(good));
    for (const apiHost of [...NOT_DUO, HOST.toUpperCase(), ` ${HOST}`]) {
      assert.equal(isApiHost(apiHost), false);
      const invalid = (error: unknown) => error instanceof DuoError && error.kind === 'invalid';
      assert.throws(() => clients({ ...good, apiHost }), invalid, JSON.stringify(apiHost));
      const sealed = sealCredentials(keys, 'globex', { ...good, apiHost });
      assert.throws(() => openCredentials(keys, 'globex', sealed), invalid);
    }
  });
});
