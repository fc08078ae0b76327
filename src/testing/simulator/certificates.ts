import { SallyportError } from '../../errors.js';

export interface Certificates {
  /** The simulator's own authority, PEM. Its key is forgotten as soon as the server's certificate is signed. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

// OpenSSL judges validity by the machine's clock, never by the injected one:
// a span that any test's machine is in needs no clock here.
const VALIDITY = {
  notBeforeDate: new Date('2020-01-01T00:00:00Z'),
  notAfterDate: new Date('2049-12-31T00:00:00Z'),
} as const;

const KIND = { keyType: 'rsa', keySize: 2048, algorithm: 'sha256' } as const;

/**
 * A new authority and one server certificate of it for `hosts`. Nothing is written to disk. Rejects with
 * ERR_DEPENDENCY where the optional peer dependency `selfsigned` is not installed.
 */
export async function makeCertificates(hosts: readonly string[]): Promise<Certificates> {
  const { generate } = await certificateMaker();
  const authority = await generate(named('Sallyport simulator CA'), {
    ...KIND,
    ...VALIDITY,
    extensions: [
      { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
      { name: 'keyUsage', critical: true, keyCertSign: true },
    ],
  });
  const server = await generate(named('Sallyport simulator'), {
    ...KIND,
    ...VALIDITY,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  });
  return { ca: authority.cert, cert: server.cert, key: server.private };
}

function named(value: string) {
  return [{ name: 'commonName', value }];
}

/** Only a simulator needs certificates, so only who runs it installs what makes them. */
async function certificateMaker(): Promise<typeof import('selfsigned')> {
  try {
    return await import('selfsigned');
  } catch (cause) {
    throw new SallyportError(
      'ERR_DEPENDENCY',
      'a simulator makes its certificates with the package selfsigned, which could not be loaded: npm install --save-dev selfsigned@5',
      { cause },
    );
  }
}
