import { csvRows } from './csv-rows.js';
import { jsonElements } from './json-elements.js';

/** The rows of a table: of CSV, of lines of JSON, or of a list of JSON. */
export async function* rows(chunks: AsyncIterable<string>): AsyncGenerator<unknown> {
  const reading = chunks[Symbol.asyncIterator]();
  let begun = '';
  let ended = false;
  while (!ended && begun.trim() === '') {
    const { value = '', done = false } = await reading.next();
    begun += value;
    ended = done;
  }
  async function* all(): AsyncGenerator<string> {
    yield begun;
    if (!ended) yield* { [Symbol.asyncIterator]: () => reading };
  }
  yield* /^\s*[[{]/.test(begun) ? jsonElements(all()) : csvRows(all());
}
