import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

export interface Certificates {
  /** The simulator's own authority, PEM. Its key is forgotten as soon as the server's certificate is signed. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** A new authority and one server certificate of it for `hosts`. Nothing is written to disk. */
export async function makeCertificates(hosts: readonly string[]): Promise<Certificates> {
  const [authority, server] = await Promise.all([makeKeys(), makeKeys()]);
  const issuer = [{ name: 'commonName', value: 'Sallyport Duo simulator CA' }];

  const ca = certificate(authority, issuer, issuer, authority, [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  const cert = certificate(
    server,
    [{ name: 'commonName', value: 'Sallyport Duo simulator' }],
    issuer,
    authority,
    [
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  );
  return { ca, cert, key: server.privateKey };
}

// OpenSSL makes the keys: node-forge's own search for primes takes seconds.
async function makeKeys(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function certificate(
  of: KeyPair,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  signer: KeyPair,
  extensions: object[],
): string {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(of.publicKey);
  // RFC 5280 §4.1.2.2: a positive number, so the first byte stays below 0x80.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  // OpenSSL judges validity by the machine's clock, never by the injected one:
  // a span that any test's machine is in needs no clock here.
  made.validity.notBefore = new Date('2020-01-01T00:00:00Z');
  made.validity.notAfter = new Date('2049-12-31T00:00:00Z');
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  made.sign(forge.pki.privateKeyFromPem(signer.privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}
