import { createHash, createSign } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { generate } from 'selfsigned';

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';

export interface Said {
  readonly nameId: string;
  readonly at: Date;
  readonly acr: string;
}

/** A small identity provider: it reads a request, and answers with an assertion that it has signed. */
export async function samlProvider() {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'idp.example' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });

  /** The fields of the form that the browser brings back. */
  function answer(
    to: string,
    { nameId, at, acr }: Said,
    /** What becomes of the assertion after it was signed. */
    afterwards: (xml: string) => string = (xml) => xml,
  ): { readonly SAMLResponse: string } {
    const url = new URL(to);
    const packed = Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64');
    const request = inflateRawSync(packed).toString();
    const read = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(request)?.[1] ?? '';
    const [id, callback] = [read('ID'), read('AssertionConsumerServiceURL')];
    const audience = /<saml:Issuer[^>]*>([^<]*)</.exec(request)?.[1] ?? '';
    const until = new Date(Date.now() + 300_000).toISOString();
    const since = new Date(Date.now() - 60_000).toISOString();
    const now = new Date().toISOString();
    // Written as exclusive canonical XML has it, so that what is signed is what is sent.
    const open = `<saml:Assertion xmlns:saml="${SAML}" ID="_a${id}" IssueInstant="${now}" Version="2.0">`;
    const issuer = '<saml:Issuer>https://idp.example</saml:Issuer>';
    const rest = [
      `<saml:Subject><saml:NameID>${nameId}</saml:NameID>`,
      '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
      `<saml:SubjectConfirmationData InResponseTo="${id}" NotOnOrAfter="${until}" Recipient="${callback}"></saml:SubjectConfirmationData>`,
      '</saml:SubjectConfirmation></saml:Subject>',
      `<saml:Conditions NotBefore="${since}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
      `<saml:AuthnStatement AuthnInstant="${at.toISOString()}"><saml:AuthnContext><saml:AuthnContextClassRef>${acr}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
      '</saml:Assertion>',
    ].join('');
    const digest = createHash('sha256').update(`${open}${issuer}${rest}`).digest('base64');
    const info = [
      `<ds:SignedInfo xmlns:ds="${DSIG}"><ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod>`,
      '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>',
      `<ds:Reference URI="#_a${id}"><ds:Transforms><ds:Transform Algorithm="${DSIG}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms>`,
      `<ds:DigestMethod Algorithm="${SHA256}"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
    ].join('');
    const value = createSign('RSA-SHA256').update(info).sign(key, 'base64');
    const signature = `<ds:Signature xmlns:ds="${DSIG}">${info}<ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`;
    const assertion = afterwards(`${open}${issuer}${signature}${rest}`);
    const response = [
      `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r${id}" InResponseTo="${id}" IssueInstant="${now}" Version="2.0" Destination="${callback}">`,
      `<saml:Issuer xmlns:saml="${SAML}">https://idp.example</saml:Issuer>`,
      '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>',
      `${assertion}</samlp:Response>`,
    ].join('');
    return { SAMLResponse: Buffer.from(response).toString('base64') };
  }

  return { cert, answer };
}
