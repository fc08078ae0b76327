import type { X509Certificate } from 'node:crypto';

/** More than any maker sends. */
const MOST_CERTIFICATES = 10;

/**
 * Whether the first certificate leads to one that is trusted (RFC 5280 §6.1: names, signatures, validity and who may
 * sign for others). The rest may be in any order, and more than are needed: FIDO sends one that is signed twice.
 */
export function isTrusted(
  [leaf, ...others]: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  at: number,
): boolean {
  if (!leaf || others.length >= MOST_CERTIFICATES || !isValid(leaf, at)) return false;
  const trusted = anchors.filter((one) => isValid(one, at));
  // A maker may have its attestation certificate itself listed.
  if (trusted.some((one) => one.raw.equals(leaf.raw))) return true;
  // Each is looked at once: two that have signed each other lead nowhere.
  const left = new Set(others.filter((one) => isValid(one, at)));
  const reached = [leaf];
  for (const next of reached) {
    if (trusted.some((one) => hasSigned(one, next))) return true;
    for (const one of left) {
      if (hasSigned(one, next) && left.delete(one)) reached.push(one);
    }
  }
  return false;
}

function isValid({ validFrom, validTo }: X509Certificate, at: number): boolean {
  return Date.parse(validFrom) <= at && at <= Date.parse(validTo);
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that Node does not know.
    return false;
  }
}
