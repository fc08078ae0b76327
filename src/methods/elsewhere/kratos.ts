import { eachPerson, type Person } from './each-person.js';
import { at, type Entry, type Found, nameOf, type Reader, timeOf } from './found.js';
import { jsonElements } from './json-elements.js';
import { totpOf } from './otpauth.js';

/** First factors, which are none of ours, and are no loss. */
const FIRST = ['password', 'oidc', 'saml', 'code', 'link', 'profile'];

/** Identities of Ory Kratos with their credentials (`include_credential`), as a list or as lines. */
export const kratos: Reader = (chunks, options) =>
  eachPerson(jsonElements(chunks), ['id'], options, readIdentity);

function* readIdentity(identity: unknown, { found, left }: Person): Generator<Found> {
  const totp: Entry[] = [];
  const securityKeys: Entry[] = [];
  const recoveryCodes: unknown[] = [];
  for (const [type, credential] of Object.entries(Object(at(identity, 'credentials')))) {
    if (FIRST.includes(type)) continue;
    const config = at(credential, 'config');
    if (type === 'totp') {
      const app = totpOf(at(config, 'totp_url'));
      if (app) totp.push(app);
      else
        yield left(
          'its app has no totp_url: were the identities asked for with include_credential?',
        );
    } else if (type === 'lookup_secret') {
      recoveryCodes.push(
        ...listAt(config, 'recovery_codes')
          .filter(isUnused)
          .map((one) => at(one, 'code')),
      );
    } else if (type === 'webauthn' || type === 'passkey') {
      const userHandle = at(config, 'user_handle');
      securityKeys.push(...listAt(config, 'credentials').map((one) => keyOf(one, userHandle)));
    } else {
      yield left(
        `there is nothing here for its credential ${/^\w{1,32}$/.test(type) ? type : 'of another kind'}`,
      );
    }
  }
  yield found({ totp, securityKeys, recoveryCodes });
}

function listAt(config: unknown, name: string): readonly unknown[] {
  const list = at(config, name);
  return Array.isArray(list) ? list : [];
}

/** One that was used has the time of it. */
function isUnused(code: unknown): boolean {
  const used = at(code, 'used_at');
  return !used || String(used).startsWith('0001-');
}

function keyOf(credential: unknown, userHandle: unknown): Entry {
  const [flags, transports] = [at(credential, 'flags'), listAt(credential, 'transport')];
  const eligible = at(flags, 'backup_eligible');
  return {
    id: at(credential, 'id'),
    publicKey: at(credential, 'public_key'),
    counter: at(credential, 'authenticator.sign_count') ?? 0,
    ...aaguidOf(at(credential, 'authenticator.aaguid')),
    ...(typeof userHandle === 'string' && userHandle !== '' && { userHandle }),
    transports: transports.map(String),
    ...(typeof eligible === 'boolean' && {
      deviceType: eligible ? 'multiDevice' : 'singleDevice',
      backedUp: eligible && at(flags, 'backup_state') === true,
    }),
    name: nameOf(at(credential, 'display_name')),
    createdAt: timeOf(at(credential, 'added_at')),
  };
}

/** 16 bytes in base64. */
function aaguidOf(value: unknown): Entry {
  const hex = typeof value === 'string' ? Buffer.from(value, 'base64').toString('hex') : '';
  if (hex.length !== 32) return {};
  return { aaguid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') };
}
