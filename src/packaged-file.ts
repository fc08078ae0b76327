import { broken } from './errors.js';
import { packagedFiles } from './packaged.js';

/** The text of one of the files of `views/`. */
export function packagedFile(name: string): string {
  const text = packagedFiles.get(name);
  if (text === undefined) throw broken(`views/${name} is not in the package`);
  return text;
}
