import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Encoder } from 'cbor-x';
import { checkOptions, option, optionsObject } from '../check-options.js';
import { SallyportError } from '../errors.js';
import type { KeyMaker } from './key-maker/maker.js';
import { ALGORITHMS, digestOf, keyPair } from './software-key-pair.js';

export interface SoftwareKeyOptions {
  /** The origin of the page that asks, as a browser states it: the door's. */
  readonly origin: string;
  /** What it signs with. Default `ES256`. */
  readonly algorithm?: keyof typeof ALGORITHMS;
  /** It tells its person from others (UV). Default true. */
  readonly userVerified?: boolean;
  /** It may be copied to other devices, as a synced passkey is (BE, BS). Default false. */
  readonly synced?: boolean;
  /** Its model. Default: none, zeros. */
  readonly aaguid?: string;
  /** It counts its signatures, as most keys that are plugged in do. Default true. */
  readonly counts?: boolean;
  /** How browsers reach it. Default `['usb']`. */
  readonly transports?: readonly string[];
  /** Who vouches for its model where that is asked; `'self'`: it signs that itself. Default: nobody. */
  readonly maker?: Pick<KeyMaker, 'attest'> | 'self';
}

/** What of an answer is wrong: a door must refuse each. */
export interface SoftwareKeyFault {
  readonly type?: string;
  readonly origin?: string;
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly rpId?: string;
  /** Flags of the authenticator data, in the place of its own. */
  readonly flags?: number;
  readonly count?: number;
  /** It signs something else. */
  readonly signature?: boolean;
  /** The attestation object is not what it was. */
  readonly attestation?: (bytes: Buffer) => Uint8Array;
}

/** Options of a ceremony as the pages' JSON has them in `publicKey`; what is used of them. */
interface Ceremony {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
  readonly attestation?: string;
  readonly pubKeyCredParams?: readonly { readonly alg: number }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** A passkey or security key for tests, with the browser before it. */
export interface SoftwareKey {
  /** A new credential, as the field `credential` of an activation takes it. Throws like a browser. */
  create(publicKey: unknown, fault?: SoftwareKeyFault): string;
  /** A proof by a credential that is asked for, as that field of a challenge takes it. Throws like a browser. */
  get(publicKey: unknown, fault?: SoftwareKeyFault): string;
  /** Another one with the same credentials and counts, as of now. */
  copy(): SoftwareKey;
}

interface Credential {
  readonly id: string;
  readonly rpId: string;
  readonly userHandle: string;
  readonly privateKey: KeyObject;
  count: number;
}

const FLAGS = { present: 1, verified: 4, eligible: 8, backedUp: 16, attested: 64 } as const;
const cbor = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: false });

const flag = (standard: boolean) =>
  option<boolean>('true or false', (value) => typeof value === 'boolean').default(standard);

const schema = optionsObject({
  origin: option<string>(
    "an origin, e.g. 'https://console.example.com'",
    (value) => typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value,
  ),
  algorithm: option<keyof typeof ALGORITHMS>("'ES256', 'EdDSA' or 'RS256'", (value) =>
    Object.hasOwn(ALGORITHMS, String(value)),
  ).default('ES256'),
  userVerified: flag(true),
  synced: flag(false),
  counts: flag(true),
  aaguid: option<string>('a UUID', (value) => /^[0-9a-f-]{36}$/.test(String(value))).default(
    '00000000-0000-0000-0000-000000000000',
  ),
  transports: option<readonly string[]>('a list of texts', Array.isArray).default(['usb']),
  maker: option<Pick<KeyMaker, 'attest'> | 'self'>(
    "what keyMaker() gives, or 'self'",
    (value) => value === 'self' || typeof Object(value).attest === 'function',
  ).optional(),
});

/**
 * A passkey or security key in software, so that logins by one are tested without a browser. Throws ERR_OPTION.
 *
 * @example
 * const key = softwareKey({ origin: 'https://console.example.com' });
 * const { publicKey, enrollment } = await get('/two-factor/activate/security-key');
 * await post('/two-factor/activate/security-key', { credential: key.create(publicKey), enrollment });
 */
export function softwareKey(options: SoftwareKeyOptions): SoftwareKey {
  return keyWith(checkOptions(options, schema, { name: 'softwareKey' }), []);
}

type Parsed = Required<Omit<SoftwareKeyOptions, 'maker'>> & {
  readonly maker?: SoftwareKeyOptions['maker'] | undefined;
};

function keyWith(made: Parsed, credentials: Credential[]): SoftwareKey {
  const always =
    FLAGS.present |
    (made.userVerified ? FLAGS.verified : 0) |
    (made.synced ? FLAGS.eligible | FLAGS.backedUp : 0);

  function clientData(type: string, challenge: string, fault: SoftwareKeyFault): Buffer {
    const said = {
      ...{ type: fault.type ?? type, challenge: fault.challenge ?? challenge },
      ...{ origin: fault.origin ?? made.origin, crossOrigin: fault.crossOrigin ?? false },
    };
    return Buffer.from(JSON.stringify(said));
  }

  function authenticatorData(
    { rpId, count }: Pick<Credential, 'rpId' | 'count'>,
    flags: number,
    attested: Uint8Array,
    fault: SoftwareKeyFault,
  ): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt8(fault.flags ?? flags);
    head.writeUInt32BE(fault.count ?? count, 1);
    return Buffer.concat([sha256(fault.rpId ?? rpId), head, attested]);
  }

  /** WebAuthn §8.2, `packed`. */
  function statementOf(signed: Buffer, privateKey: KeyObject): Map<string, unknown> | null {
    const { maker, algorithm, aaguid } = made;
    if (!maker) return null;
    if (maker === 'self') {
      const signature = sign(digestOf(algorithm), signed, privateKey);
      return new Map<string, unknown>([
        ['alg', ALGORITHMS[algorithm]],
        ['sig', signature],
      ]);
    }
    const { signature, certificates } = maker.attest(aaguid, signed);
    return new Map<string, unknown>([
      ['alg', ALGORITHMS.ES256],
      ['sig', signature],
      ['x5c', certificates],
    ]);
  }

  function answer(id: string, response: object): string {
    return JSON.stringify({ id, rawId: id, type: 'public-key', response });
  }

  return {
    create(given, fault = {}) {
      const asked = readCeremony(given);
      const algorithm = ALGORITHMS[made.algorithm];
      if (!asked.pubKeyCredParams?.some(({ alg }) => alg === algorithm)) {
        throw new DOMException(`${made.algorithm} is not asked for`, 'NotSupportedError');
      }
      const rpId = domainOf(asked.rp?.id, made.origin);
      const known = (asked.excludeCredentials ?? []).map(({ id }) => id);
      if (credentials.some((one) => one.rpId === rpId && known.includes(one.id))) {
        throw new DOMException('it is registered already', 'InvalidStateError');
      }
      const { publicKey, privateKey } = keyPair(made.algorithm);
      const rawId = randomBytes(16);
      const id = rawId.toString('base64url');
      const credential = { id, rpId, userHandle: asked.user?.id ?? '', privateKey, count: 0 };
      const length = Buffer.alloc(2);
      length.writeUInt16BE(rawId.length);
      const model = Buffer.from(made.aaguid.replaceAll('-', ''), 'hex');
      const attested = Buffer.concat([model, length, rawId, cbor.encode(publicKey)]);
      const authData = authenticatorData(credential, always | FLAGS.attested, attested, fault);
      const data = clientData('webauthn.create', asked.challenge, fault);
      const signed = Buffer.concat([authData, sha256(data)]);
      const statement = asked.attestation === 'direct' ? statementOf(signed, privateKey) : null;
      const whole = cbor.encode(
        new Map<string, unknown>([
          ['fmt', statement ? 'packed' : 'none'],
          ['attStmt', statement ?? new Map()],
          ['authData', authData],
        ]),
      );
      credentials.push(credential);
      return answer(id, {
        clientDataJSON: base64url(data),
        attestationObject: base64url(fault.attestation?.(whole) ?? whole),
        transports: made.transports,
      });
    },

    get(given, fault = {}) {
      const asked = readCeremony(given);
      const rpId = domainOf(asked.rpId, made.origin);
      const allowed = (asked.allowCredentials ?? []).map(({ id }) => id);
      // Where none is named, a key offers the newest first.
      const used = credentials.findLast(
        (one) => one.rpId === rpId && (allowed.length === 0 || allowed.includes(one.id)),
      );
      if (!used) throw new DOMException('it is not one that is asked for', 'NotAllowedError');
      if (made.counts) used.count += 1;
      const data = clientData('webauthn.get', asked.challenge, fault);
      const authData = authenticatorData(used, always, new Uint8Array(), fault);
      const signed = Buffer.concat([authData, sha256(fault.signature ? 'something else' : data)]);
      return answer(used.id, {
        clientDataJSON: base64url(data),
        authenticatorData: base64url(authData),
        signature: base64url(sign(digestOf(made.algorithm), signed, used.privateKey)),
        ...(used.userHandle !== '' && { userHandle: used.userHandle }),
      });
    },

    copy: () =>
      keyWith(
        made,
        credentials.map((one) => ({ ...one })),
      ),
  };
}

function readCeremony(given: unknown): Ceremony {
  const asked: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  if (typeof Object(asked).challenge === 'string') return asked as Ceremony;
  throw new SallyportError(
    'ERR_OPTION',
    'softwareKey: publicKey must be the options of the page, as its JSON or the form has them',
  );
}

/** As a browser has it: the page's own domain, or one above it. */
function domainOf(rpId: string | undefined, origin: string): string {
  const { hostname } = new URL(origin);
  const domain = rpId ?? hostname;
  if (hostname === domain || hostname.endsWith(`.${domain}`)) return domain;
  throw new DOMException(`${domain} is not of ${origin}`, 'SecurityError');
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
