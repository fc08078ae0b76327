import assert from 'node:assert/strict';
import { securityKey } from 'sallyport';
import { host } from '../../support/app.js';

const SITE = 'https://console.example.com';

describe('the options of securityKey()', () => {
  const made = async (options: object, origin = SITE) =>
    host({ options: { origin, methods: [securityKey(options)] } });

  for (const [options, message] of [
    [{ rpID: 'example.com' }, /^securityKey has no rpID; there are: rpId, origins, timeout$/],
    [
      { rpId: 'https://example.com' },
      /^securityKey\.rpId must be a domain, e\.g\. 'example\.com', got/,
    ],
    [{ rpId: 'com' }, /^securityKey\.rpId must be a domain/],
    [{ rpId: '127.0.0.1' }, /^securityKey\.rpId must be a domain/],
    [
      { rpId: 'other.com' },
      /^securityKey\.rpId must be the host name of origin .* or a domain above it, got 'other\.com'$/,
    ],
    [{ rpId: 'ple.com' }, /a domain above it, got 'ple\.com'$/],
    [{ rpId: 'a.console.example.com' }, /a domain above it, got/],
    [{ origins: [] }, /^securityKey\.origins must be a list/],
    [{ origins: ['http://example.org'] }, /^securityKey\.origins\[0\] must be an origin/],
    [{ origins: ['https://example.org/'] }, /^securityKey\.origins\[0\] must be an origin/],
    [{ timeout: '3m' }, /^securityKey\.timeout must be at most '2m', got 180000 ms$/],
    [{ timeout: 60 }, /^securityKey\.timeout must be/],
  ] as const) {
    it(`refuse ${JSON.stringify(options)}`, async () => {
      await assert.rejects(() => made(options), { code: 'ERR_OPTION', message });
    });
  }

  it('take a domain above the host, and what is nobody’s domain where nothing is said', async () => {
    for (const [options, origin] of [
      [{ rpId: 'example.com' }, SITE],
      [{ rpId: 'console.example.com', timeout: '30s' }, SITE],
      [{ rpId: 'localhost', origins: ['http://localhost:8080'] }, 'http://localhost:3000'],
      [{}, 'http://127.0.0.1:3000'],
    ] as const) {
      await (await made(options, origin)).door.close();
    }
  });
});
