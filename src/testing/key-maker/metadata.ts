import { X509Certificate } from 'node:crypto';
import {
  checkOptions,
  integerOption,
  listOption,
  option,
  optionsObject,
} from '../../check-options.js';
import { authorityNamed } from './authority.js';
import { signedBlob } from './blob.js';
import { pem } from './certificate.js';
import type { KeyMaker } from './maker.js';

export interface FidoModel {
  readonly aaguid: string;
  readonly maker: Pick<KeyMaker, 'root'>;
  /** Default `Test model`. */
  readonly name?: string;
  /** What was reported of it, e.g. `REVOKED`. Default `FIDO_CERTIFIED`. */
  readonly statuses?: readonly string[];
}

export interface FidoMetadataOptions {
  readonly models: readonly FidoModel[];
  /** Default 1. */
  readonly number?: number;
  /** The day on which the next one is due. Default `2049-12-31`. */
  readonly nextUpdate?: string;
}

export interface FidoMetadata {
  /** For `securityKey({ metadata })`. */
  readonly blob: string;
  /** For `securityKey({ metadataRoots })`, as PEM. */
  readonly root: string;
}

const schema = optionsObject({
  models: listOption<FidoModel>(
    'a model: { aaguid, maker }',
    (value) => typeof Object(Object(value).maker).root === 'string',
  ),
  number: integerOption(0, 1e9).default(1),
  nextUpdate: option<string>("a day, e.g. '2049-12-31'", (value) =>
    /^\d{4}-\d\d-\d\d$/.test(String(value)),
  ).default('2049-12-31'),
});

/**
 * FIDO's metadata for tests, signed by a root of its own. Throws ERR_OPTION.
 *
 * @example
 * const { blob, root } = fidoMetadata({ models: [{ aaguid: MODEL, maker: keyMaker() }] });
 */
export function fidoMetadata(options: FidoMetadataOptions): FidoMetadata {
  const { models, number, nextUpdate } = checkOptions(options, schema, { name: 'fidoMetadata' });
  const root = authorityNamed('Test metadata root');
  const issuing = root.below('Test metadata issuing');
  const signer = issuing.issue({
    subject: { country: 'US', organization: 'Sallyport tests', common: 'mds.test' },
    host: 'mds.test',
  });
  const content = { legalHeader: '', no: number, nextUpdate, entries: models.map(entryOf) };
  return {
    blob: signedBlob(content, signer, [issuing.certificate]),
    root: pem(root.certificate),
  };
}

function entryOf({ aaguid, maker, name = 'Test model', statuses = ['FIDO_CERTIFIED'] }: FidoModel) {
  const root = new X509Certificate(maker.root).raw.toString('base64');
  return {
    ...{ aaguid, timeOfLastStatusChange: '2025-01-01' },
    metadataStatement: {
      ...{ aaguid, description: name, protocolFamily: 'fido2', schema: 3 },
      ...{ attestationTypes: ['basic_full'], attestationRootCertificates: [root] },
    },
    statusReports: statuses.map((status) => ({ status, effectiveDate: '2025-01-01' })),
  };
}
