import { decode, encode } from 'cbor-x';
import { packPublicKey, unpackPublicKey } from './public-key.js';

/** What is kept, sealed, of a key: what it is named by, and what its answers are checked with. */
export interface Credential {
  readonly id: Uint8Array;
  /** A COSE key, as the authenticator gave it. */
  readonly publicKey: Uint8Array;
  readonly transports: readonly Transport[];
  /** Of a key that was imported: what it knows its person by; null where nobody has kept it. */
  readonly userHandle?: Uint8Array | null;
  /** The domain that it was made for, where the app has several addresses. */
  readonly rpId?: string | undefined;
}

// Append only: the place is the bit.
const TRANSPORTS = ['usb', 'nfc', 'ble', 'internal', 'hybrid', 'smart-card', 'cable'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export function isTransport(value: unknown): value is Transport {
  return TRANSPORTS.some((one) => one === value);
}

export function packCredential(credential: Credential): Uint8Array {
  const { id, publicKey, transports, userHandle, rpId } = credential;
  const bits = TRANSPORTS.reduce(
    (sum, one, bit) => (transports.includes(one) ? sum | (1 << bit) : sum),
    0,
  );
  // A user handle of `false`: the key was not imported. Unknown parts at the end are left out: each costs a byte.
  const more = rpId !== undefined ? [userHandle ?? (userHandle === null ? null : false), rpId] : [];
  return encode([
    id,
    packPublicKey(publicKey),
    bits,
    ...(more.length > 0 || userHandle === undefined ? more : [userHandle]),
  ]);
}

/** Throws for what is not such bytes. */
export function unpackCredential(bytes: Uint8Array): Credential {
  const [id, publicKey, bits, userHandle, rpId] = decode(bytes);
  if (!(id instanceof Uint8Array && publicKey instanceof Uint8Array && Number.isInteger(bits))) {
    throw new Error('a credential is not what was kept of one');
  }
  // Copies, which the library's types want: what was decoded is a view of the whole.
  return {
    id: Uint8Array.from(id),
    // Only where an answer is checked: it takes longer than all the rest.
    get publicKey() {
      return Uint8Array.from(unpackPublicKey(publicKey));
    },
    transports: TRANSPORTS.filter((_one, bit) => bits & (1 << bit)),
    ...(userHandle !== undefined && userHandle !== false && { userHandle }),
    ...(typeof rpId === 'string' && { rpId }),
  };
}

/** What is known of a key without opening it: it decides where the key is accepted. */
export interface KeyFacts {
  readonly aaguid: string;
  /** It has told its person from others: by a PIN, a finger, a face. */
  readonly userVerified: boolean;
  /** It may be copied to other devices of its person: a synced passkey. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** It was imported, and nobody has kept whether it is synced: its first answer tells. */
  readonly unknown?: boolean;
  /** Its maker has vouched for its model, and it is not the key's own word. */
  readonly attested?: boolean;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
const FLAGS = [
  ['v', 'userVerified'],
  ['e', 'backupEligible'],
  ['b', 'backedUp'],
  ['u', 'unknown'],
  ['a', 'attested'],
] as const;

/** `7oMo-XIccRPnIDHA6h8g/v`: AAGUID, none where it is all zeros, and flags. */
export function formatFacts(facts: KeyFacts): string {
  const model =
    facts.aaguid === NOBODY
      ? ''
      : Buffer.from(facts.aaguid.replaceAll('-', ''), 'hex').toString('base64url');
  const flags = FLAGS.filter(([, name]) => facts[name]).map(([letter]) => letter);
  return `${model}/${flags.join('')}`;
}

export function parseFacts(parameters: string): KeyFacts {
  const [model = '', flags = ''] = parameters.split('/');
  const hex = Buffer.from(model, 'base64url').toString('hex').padEnd(32, '0');
  const has = (letter: string) => flags.includes(letter);
  return {
    aaguid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    userVerified: has('v'),
    backupEligible: has('e'),
    backedUp: has('b'),
    ...(has('u') && { unknown: true }),
    ...(has('a') && { attested: true }),
  };
}
