import { eachPerson, type Person } from './each-person.js';
import { at, type Entry, type Found, nameOf, type Reader, timeOf, unpacked } from './found.js';
import { jsonElements } from './json-elements.js';

/** First factors, which are none of ours, and are no loss. */
const FIRST = ['password', 'password-history'];

/** A realm that Keycloak has exported with its users. */
export const keycloak: Reader = (chunks, options) =>
  eachPerson(jsonElements(chunks, 'users'), ['id'], options, readUser);

function* readUser(user: unknown, { found, left }: Person): Generator<Found> {
  const totp: Entry[] = [];
  const securityKeys: Entry[] = [];
  const recoveryCodes: Entry[] = [];
  const given = at(user, 'credentials');
  for (const credential of Array.isArray(given) ? given : []) {
    const type = String(at(credential, 'type'));
    const data = unpacked(at(credential, 'credentialData'));
    const secret = unpacked(at(credential, 'secretData'));
    const shared = {
      name: nameOf(at(credential, 'userLabel')),
      createdAt: timeOf(at(credential, 'createdDate')),
    };
    if (FIRST.includes(type)) continue;
    if (type === 'otp') {
      const kind = at(data, 'subType');
      if (kind === 'totp') totp.push({ ...appOf(data, secret), ...shared });
      else yield left(`its app is ${safe(kind)}, and counts by something else than the time`);
    } else if (type === 'webauthn' || type === 'webauthn-passwordless') {
      securityKeys.push({ ...keyOf(data), ...shared });
    } else if (type === 'recovery-authn-codes') {
      recoveryCodes.push(...codesOf(data, secret));
    } else yield left(`there is nothing here for its credential ${safe(type)}`);
  }
  yield found({ totp, securityKeys, recoveryCodes });
}

/** Where no encoding is named, the text itself is the key. */
function appOf(data: unknown, secret: unknown): Entry {
  const encoding = at(data, 'secretEncoding');
  return {
    secret: at(secret, 'value'),
    encoding: typeof encoding === 'string' ? encoding.toLowerCase() : 'utf8',
    algorithm: at(data, 'algorithm'),
    digits: at(data, 'digits'),
    period: at(data, 'period'),
  };
}

function keyOf(data: unknown): Entry {
  const transports = at(data, 'transports');
  return {
    id: at(data, 'credentialId'),
    publicKey: at(data, 'credentialPublicKey'),
    counter: at(data, 'counter'),
    aaguid: at(data, 'aaguid') ?? undefined,
    transports: Array.isArray(transports) ? transports.map((one) => String(one).toLowerCase()) : [],
  };
}

/** `SHA-512$…`: the digest of each, with what it was made by; before Keycloak 26.2 the same is called RS512. */
function codesOf(data: unknown, secret: unknown): readonly Entry[] {
  const codes = at(secret, 'codes');
  const named = at(data, 'algorithm') ?? '';
  const algorithm = named === 'RS512' ? 'SHA-512' : named;
  return (Array.isArray(codes) ? codes : []).map((code) => ({
    hash: `${algorithm}$${at(code, 'encodedHashedValue')}`,
  }));
}

/** A word of the export's, and nothing that may be a secret. */
function safe(word: unknown): string {
  return typeof word === 'string' && /^[\w-]{1,32}$/.test(word) ? word : 'of another kind';
}
