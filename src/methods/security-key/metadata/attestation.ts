import { X509Certificate } from 'node:crypto';
import { decodeAttestationObject, getCertificateInfo } from '@simplewebauthn/server/helpers';
import type { SecurityKeyReason } from '../words.js';
import type { Metadata, Model } from './blob.js';
import { isTrusted } from './chain.js';

/** Why a model remains the key's own word; a few words for the event. */
export interface Unattested {
  readonly because: SecurityKeyReason;
  readonly detail: string;
}

/** Whatever was reported later: a key made before a fix names the same model as one made after it. */
const WITHDRAWN: ReadonlySet<string> = new Set([
  'REVOKED',
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
]);

/** The forms whose signature the library checks by the first certificate of `x5c`. In others it may be anybody's. */
const CERTIFIED: readonly string[] = ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f'];

/** id-fido-gen-ce-aaguid (WebAuthn §8.2.1). */
const MODEL_EXTENSION = '1.3.6.1.4.1.45724.1.1.4';

const COMPROMISE = 'ATTESTATION_KEY_COMPROMISE';

/** What is wrong with a model as such, and not with one of its certificates; null where nothing is. */
export function withdrawnAs({ reports }: Model): string | null {
  const found = reports.find(
    ({ status, certificate }) => WITHDRAWN.has(status) && !(status === COMPROMISE && certificate),
  );
  return found?.status ?? null;
}

/**
 * Why the maker of this model does not vouch for a new key; null where it does (WebAuthn §7.1, trustworthiness of an
 * attestation). The library has checked the statement's signature, by the first of its certificates.
 */
export function unattested(
  { models }: Metadata,
  { aaguid, attestation }: { readonly aaguid: string; readonly attestation: Uint8Array },
  at: number,
): Unattested | null {
  const { format, x5c } = read(attestation);
  // None, a key's own signature, or a form without certificates.
  if (x5c.length === 0) return { because: 'unattested', detail: `attested: ${format}` };
  const model = models.get(aaguid);
  if (!model) return { because: 'unlisted', detail: `not in metadata: ${aaguid}` };
  const status = withdrawnAs(model);
  if (status !== null) return { because: 'withdrawn', detail: status };

  const certificates = x5c.map(certificateOf).filter((one) => one !== null);
  const anchors = anchorsOf(model);
  if (certificates.length < x5c.length || !isTrusted(certificates, anchors, at)) {
    return { because: 'foreign', detail: `not of the maker of ${aaguid}` };
  }
  // A compromised certificate does not count, neither in the chain nor as a root.
  const sound = (one: X509Certificate) => !isCompromised(one, model);
  if (!certificates.every(sound) || !isTrusted(certificates, anchors.filter(sound), at)) {
    return { because: 'withdrawn', detail: COMPROMISE };
  }
  // The library has compared the model that the certificate names. One that names none may be of another model.
  const namesNone = format === 'packed' && !namesModel(x5c[0] as Uint8Array);
  const others = [...models.values()].filter((one) => one !== model);
  if (namesNone && others.some((one) => isTrusted(certificates, anchorsOf(one), at))) {
    return { because: 'foreign', detail: 'no model in the certificate' };
  }
  return null;
}

function anchorsOf({ roots }: Model): readonly X509Certificate[] {
  return roots
    .map((one) => certificateOf(Buffer.from(one, 'base64')))
    .filter((one) => one !== null);
}

function read(attestation: Uint8Array) {
  const decoded = decodeAttestationObject(Uint8Array.from(attestation));
  const format = decoded.get('fmt');
  const found: unknown = CERTIFIED.includes(format) ? decoded.get('attStmt').get('x5c') : null;
  const x5c = Array.isArray(found) ? found : [];
  return { format, x5c: x5c.every((one) => one instanceof Uint8Array) ? x5c : [] };
}

function isCompromised({ raw }: X509Certificate, { reports }: Model): boolean {
  return reports.some(
    ({ status, certificate }) =>
      status === COMPROMISE && raw.equals(Buffer.from(certificate ?? '', 'base64')),
  );
}

function certificateOf(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

function namesModel(leaf: Uint8Array): boolean {
  const { parsedCertificate } = getCertificateInfo(Uint8Array.from(leaf));
  const { extensions = [] } = parsedCertificate.tbsCertificate;
  return extensions.some(({ extnID }) => extnID === MODEL_EXTENSION);
}
