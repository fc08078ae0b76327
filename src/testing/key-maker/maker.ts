import { type KeyObject, sign } from 'node:crypto';
import { checkOptions, option, optionsObject, textOption } from '../../check-options.js';
import { type Authority, authorityNamed } from './authority.js';
import { pem } from './certificate.js';

export interface KeyMakerOptions {
  /** Default `Test maker`. */
  readonly name?: string;
  /** Its attestation certificates name this model, whatever the key says; null: none. Default: the key's. */
  readonly certifies?: string | null;
  /** Its attestation certificates end on this day. Default: in 2049. */
  readonly until?: Date;
}

/** A maker of keys, which vouches for their models. */
export interface KeyMaker {
  /** What its certificates lead to, as PEM. */
  readonly root: string;
  /** A statement of the form `packed` (WebAuthn §8.2) over these bytes, of a key that says it is of this model. */
  attest(aaguid: string, signed: Uint8Array): Attestation;
}

export interface Attestation {
  readonly signature: Buffer;
  /** The model's, and whoever signed it. */
  readonly certificates: readonly Buffer[];
}

const schema = optionsObject({
  name: textOption(60).default('Test maker'),
  certifies: option<string | null>(
    'a UUID, or null',
    (value) => value === null || /^[0-9a-f-]{36}$/.test(String(value)),
  ).optional(),
  until: option<Date>('a Date', (value) => value instanceof Date).optional(),
});

/**
 * A maker of keys for tests: what it makes attests to its model (`softwareKey({ maker })`), as `fidoMetadata()` tells.
 * Throws ERR_OPTION.
 *
 * @example
 * const maker = keyMaker();
 * const { blob, root } = fidoMetadata({ models: [{ aaguid: MODEL, maker }] });
 * const method = securityKey({ metadata: blob, metadataRoots: [root] });
 * const key = softwareKey({ origin: 'https://console.example.com', aaguid: MODEL, maker });
 */
export function keyMaker(options: KeyMakerOptions = {}): KeyMaker {
  const { name, certifies, until } = checkOptions(options, schema, { name: 'keyMaker' });
  const root = authorityNamed(`${name} root`);
  const issuing = root.below(`${name} issuing`);
  const issued = new Map<string, ReturnType<Authority['issue']>>();

  function ofModel(aaguid: string): {
    readonly certificate: Buffer;
    readonly privateKey: KeyObject;
  } {
    const known = issued.get(aaguid);
    if (known) return known;
    const made = issuing.issue({
      subject: {
        ...{ country: 'US', organization: name, unit: 'Authenticator Attestation' },
        common: `${name} attestation`,
      },
      aaguid: certifies === undefined ? aaguid : certifies,
      ...(until && { until }),
    });
    issued.set(aaguid, made);
    return made;
  }

  return {
    root: pem(root.certificate),
    attest(aaguid, signed) {
      const { certificate, privateKey } = ofModel(aaguid);
      return {
        signature: sign('sha256', signed, privateKey),
        certificates: [certificate, issuing.certificate],
      };
    },
  };
}
