import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { option, shown } from '../../../check-options.js';
import { SallyportError } from '../../../errors.js';
import { type Metadata, MetadataError, readMetadata } from './blob.js';

const RIGHT =
  'a FIDO metadata BLOB as https://mds3.fidoalliance.org gives it, or the path of a file that holds one';

export const metadataOption = () =>
  option<string | Uint8Array>(
    RIGHT,
    (value) => (typeof value === 'string' && value.trim() !== '') || value instanceof Uint8Array,
  );

export const isPemCertificate = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && new X509Certificate(value).ca;
  } catch {
    return false;
  }
};

/** Reads it, and checks whose it is. Throws ERR_OPTION. */
export function metadataFrom(
  given: string | Uint8Array,
  roots: readonly string[] | null,
): Metadata {
  // A JWT begins with `{"`.
  const isPath = typeof given === 'string' && !given.trimStart().startsWith('eyJ');
  const wrong = (reason: string) =>
    new SallyportError(
      'ERR_OPTION',
      `securityKey.metadata must be ${RIGHT}, got ${isPath ? shown(given) : `${given.length} characters`}: ${reason}`,
    );
  try {
    return readMetadata(textOf(given, isPath), roots);
  } catch (error) {
    if (error instanceof MetadataError) throw wrong(error.message);
    throw wrong(error instanceof Error ? error.message : 'it cannot be read');
  }
}

function textOf(given: string | Uint8Array, isPath: boolean): string {
  if (typeof given !== 'string') return Buffer.from(given).toString();
  return isPath ? readFileSync(given, 'utf8') : given;
}
