import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { securityKey } from 'sallyport';
import { fidoMetadata, keyMaker } from 'sallyport/testing';
import { host } from '../../support/app.js';

const SITE = 'https://console.example.com';

describe('the options of securityKey()', () => {
  const made = async (options: object, origin = SITE) =>
    host({ options: { origin, methods: [securityKey(options)] } });

  for (const [options, message] of [
    [
      { rpID: 'example.com' },
      /^securityKey has no rpID; there are: rpId, origins, timeout, metadata, metadataRoots$/,
    ],
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
    [
      { metadata: 'no-such-file.jwt' },
      /^securityKey\.metadata must be a FIDO metadata BLOB as .*, got 'no-such-file\.jwt': ENOENT/,
    ],
    [{ metadata: '' }, /^securityKey\.metadata must be a FIDO metadata BLOB .*, got ''$/],
    [{ metadata: 42 }, /^securityKey\.metadata must be a FIDO metadata BLOB .*, got 42$/],
    [{ metadata: 'package.json' }, /got 'package\.json': it is not three parts/],
    [{ metadata: 'eyJhIjoxfQ.e30.AA' }, /got 17 characters: its header is not that of one$/],
    [{ metadata: Buffer.from('a.b.c') }, /got 5 characters: its header is not that of one$/],
    [{ metadata: 'x', metadataRoots: [] }, /^securityKey\.metadataRoots must be a list of at/],
    [
      { metadataRoots: ['PEM'] },
      /^securityKey\.metadataRoots\[0\] must be a CA's certificate as PEM/,
    ],
    [
      { metadataRoots: [keyMaker().root] },
      /^securityKey\.metadataRoots is for metadata, which is not/,
    ],
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

  it('take metadata as a file, a text or bytes, of whoever its roots are', async () => {
    const { blob, root } = fidoMetadata({ models: [] });
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    const file = join(folder, 'fido.jwt');
    writeFileSync(file, blob);
    try {
      for (const metadata of [file, blob, Buffer.from(blob)]) {
        await (await made({ metadata, metadataRoots: [root] })).door.close();
        await assert.rejects(() => made({ metadata }), {
          code: 'ERR_OPTION',
          message: /its signer's certificate is not for mds\.fidoalliance\.org$/,
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
