import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type CertificateFacts, certificate, type Name } from './certificate.js';

/** Whoever signs certificates, with its own. */
export interface Authority {
  readonly certificate: Buffer;
  issue(facts: Pick<CertificateFacts, 'subject' | 'aaguid' | 'host'> & Partial<Validity>): Issued;
  /** Another one below it. */
  below(name: string, validity?: Partial<Validity>): Authority;
}

export interface Issued {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
}

export type Validity = Pick<CertificateFacts, 'from' | 'until'>;

const ALWAYS: Validity = { from: new Date('2020-01-01'), until: new Date('2049-12-31') };
const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

export function authorityNamed(name: string, validity: Partial<Validity> = {}): Authority {
  const { publicKey, privateKey } = keyPair();
  const subject = nameOf(name);
  const own = certificate({
    ...{ subject, issuer: subject, publicKey, signedBy: privateKey, authority: true },
    ...{ ...ALWAYS, ...validity },
  });
  return authority(subject, own, privateKey);
}

function authority(issuer: Name, own: Buffer, signedBy: KeyObject): Authority {
  return {
    certificate: own,
    issue({ from = ALWAYS.from, until = ALWAYS.until, ...facts }) {
      const { publicKey, privateKey } = keyPair();
      return {
        privateKey,
        certificate: certificate({
          ...{ ...facts, from, until, issuer, publicKey, signedBy, authority: false },
        }),
      };
    },
    below(name, validity = {}) {
      const { publicKey, privateKey } = keyPair();
      const subject = nameOf(name);
      const its = certificate({
        ...{ subject, issuer, publicKey, signedBy, authority: true },
        ...{ ...ALWAYS, ...validity },
      });
      return authority(subject, its, privateKey);
    },
  };
}

function nameOf(common: string): Name {
  return { country: 'US', organization: 'Sallyport tests', common };
}
